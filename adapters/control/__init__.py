"""Commands for operators, by name: over a Unix socket, or inside the operator's own process."""
