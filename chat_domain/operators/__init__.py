"""What an operator does: looking after users and groups, ending sessions, seeing who is where.

Others may take `administration`, `groups`, `evictions`, `overview` and `retention`; `erasing` and
`pieces` are their own.
"""
