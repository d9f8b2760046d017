"""What every adapter of a port promises: one test function for each sentence of the ports.

A test module that imports these functions needs a fixture `store`, which supplies an empty `Store`
once for each adapter under test.
"""
