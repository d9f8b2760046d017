"""What every adapter of a port promises: one test function for each sentence of `ports.py`.

A folder of tests that imports these functions supplies the fixture `store`, an empty
`Store` whose mailboxes hold CAPACITY messages, once for each adapter that it can open.
"""

CAPACITY = 20
