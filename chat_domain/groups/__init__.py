"""Who is in which group. Others may take `membership`: creating, joining, leaving and listing."""
