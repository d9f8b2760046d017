"""The line client: what a person types, and what the client shows."""
