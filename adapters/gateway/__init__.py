"""Serving clients, over whatever carries their frames.

Imports go one way: gateway, client_handler, commands, client_context, clients, link. A
`client_handler` receives frames and has them carried out; `client_context` is what a command may do
with its client. Others may import `gateway`, `link` with `disconnect_reasons` (for adapters that
carry frames), `slices`, `tally` and `tasks`.
"""
