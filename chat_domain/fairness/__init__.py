"""What keeps one client from spoiling the others' day.

Others may take `guard`, which has everything together, and from `limits`, `meter`, `origins` and
`attempts` what they count with; `buckets` is its own.
"""
