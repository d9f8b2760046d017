"""Who is in which group. Others may import `membership`: creating, joining, leaving and listing."""
