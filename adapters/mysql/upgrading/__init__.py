"""The parts of `adapters.mysql.upgrade`: what becomes of each table of the C++ server."""
