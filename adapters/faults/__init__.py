"""What becomes of faults: kept from their caller, counted, and logged without filling the log."""
