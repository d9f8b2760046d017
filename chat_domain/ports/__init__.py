"""What the rules need from outside. The docstrings of these files specify every adapter, and one
contract suite (`tests/contract`) runs over all adapters of a port.

`store` is what a database does, with its `log` in a file of its own; `cluster` connects nodes;
`client` is the far end of a session; `runtime` is what any program has: a clock, tasks, hashing.
Others may import all of them.
"""
