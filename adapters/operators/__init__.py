"""How a node reports to operators: health, readiness and metrics, over HTTP."""
