"""What an operator does: looking after users, ending sessions, seeing who is where.

Others may take `administration`, `evictions` and `overview`; `sent` is their own.
"""
