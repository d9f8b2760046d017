"""This process as one node of many. Others may import `node`, the only module."""
