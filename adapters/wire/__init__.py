"""The protocol of docs/protocol.md as bytes: framing, requests, replies. Does no input or output."""
