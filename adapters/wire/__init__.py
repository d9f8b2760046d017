"""The protocol of docs/protocol.md, declared once for the server and the client class. No I/O.

Each frame is a struct: `requests` holds what a client sends, `answers` what it gets back, `frames`
what the server sends unasked.
"""
