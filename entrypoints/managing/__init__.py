"""The parts of `python -m entrypoints.manage`: its options, its output, its own commands."""
