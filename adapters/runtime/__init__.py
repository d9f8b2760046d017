"""The process as the other adapters use it: its clock, its event loop, its threads, and taking
turns on them. Nothing here knows a protocol or a database."""
