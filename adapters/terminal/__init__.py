"""The line client: what a person types, and what they see."""
