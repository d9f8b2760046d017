"""Carrying conversations over TCP. Knows sockets, and nothing of what they carry."""
