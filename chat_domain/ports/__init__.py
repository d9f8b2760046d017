"""What the rules need from outside. The docstrings of these files are the specification of every
adapter, and one suite of promises (`tests/contract`) runs over all adapters of a port.

`store` is what a database does, its `log` in a file of its own, `cluster` what connects nodes,
`client` the far end of a session, and `runtime` what a program has anyway: a clock, tasks, hashing.
Everybody may take all of them.
"""
