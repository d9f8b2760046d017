"""What an operator does: looking after users and groups, seeing who is where, and
forgetting what is old.

Others may take `administration`, `groups`, `overview` and `retention`; `pieces` is their own.
"""
