"""The protocol of docs/protocol.md as bytes: framing, requests, replies. No input or output."""
