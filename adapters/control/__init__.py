"""The operator's way in: commands by name, over a Unix socket or in the process of who asks."""
