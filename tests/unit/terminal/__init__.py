"""Tests of the line client on the whole terminal."""
