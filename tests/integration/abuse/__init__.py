"""Attacks on the real server, each with two bystanders whose messages keep arriving.

Attackers come from 127.0.0.2 and above, bystanders from 127.0.0.1, which must not suffer.
"""
