"""The protocol of docs/protocol.md, declared once for server and client class. No input or output.

Each frame is a struct: in `requests` what a client sends, in `answers` what comes back for it, in
`frames` what the server sends unasked.
"""
