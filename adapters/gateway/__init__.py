"""Serving clients, over whatever carries their frames.

Imports go one way: gateway, client_handler, commands, client_context, clients, link. A
`client_handler` receives frames and has them carried out; `client_context` is what a command may do
with its client. Others may import `gateway`, `shared`, `slices`, `tally` and `tasks`; adapters that
carry frames also `link`, `disconnect_reasons`, `disconnect_log`, `unsent` and `stranger_memory`.
"""
