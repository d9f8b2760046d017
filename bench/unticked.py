"""The chat server, but its clock ticks once an hour: `python -m bench.unticked ARGUMENTS`.

So what the clock does, which depends on how long a measurement takes, is not counted.
"""

from adapters.gateway import gateway
from entrypoints.tcp_server import main

if __name__ == "__main__":
    gateway.TICK = 3600.0
    raise SystemExit(main())
