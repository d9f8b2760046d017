"""What keeps one client from spoiling the others' day.

Others may take `guard`, which has everything together, from `limits`, `meter`, `origins` and
`attempts` what they count with, `networks` (who counts as one) and `buckets` (spending at a rate);
`known` and `recent` are its own.
"""
