"""Tests of the client and of the line client built on it."""
