"""What an operator does: looking after users and groups, ending sessions, seeing who is where.

Others may take `administration`, `groups`, `evictions` and `overview`; `sent` is their own.
"""
