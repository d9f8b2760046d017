"""Carrying frames over TCP. This package handles sockets, and not what they carry."""
