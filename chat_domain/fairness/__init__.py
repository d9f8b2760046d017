"""What keeps one client from degrading the service for others.

Others may import `guard`, which has everything together; from `limits`, `meter`, `origins` and
`attempts` what they count with; `networks` (which addresses count as one) and `buckets` (spending
at a rate); and `recent`, a bounded table. `known` is internal.
"""
