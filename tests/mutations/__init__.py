"""Shows that each rule of delivery (docs/delivery.md) has a test that fails without it.

A mutation takes one rule out of the code, or a part of it, and names the test that must notice:

    python -m tests.mutations               # all, some minutes
    python -m tests.mutations --rule 10     # those of one rule
"""
