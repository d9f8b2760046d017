"""How a node tells operators how it is: health, readiness and numbers, over HTTP."""
