"""What every adapter of a port promises: one test function for each sentence of the ports.

A folder of tests that imports these functions supplies the fixture `store`, an empty `Store`, once
for each adapter that it can open.
"""
