"""The parts of `python -m entrypoints.manage`: its command line, its words, what it does itself."""
