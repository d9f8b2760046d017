"""Tests of the client, and of the line client above it."""
