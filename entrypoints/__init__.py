"""The programs that people start, and the one place where their parts are put together."""
