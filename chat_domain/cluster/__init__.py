"""This process as one node of many. Others may take `node`, which is all there is."""
