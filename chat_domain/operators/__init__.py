"""What an operator does: managing users and groups, seeing who is where, and deleting what is old.

Others may import `administration`, `groups`, `overview` and `retention`; `pieces`, by which some of
these go through the whole log, only to assemble them.
"""
