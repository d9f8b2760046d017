"""The programs that people start, and the one place where the parts are put together."""
