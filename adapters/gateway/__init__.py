"""Conversations with clients, over whatever carries their frames.

Imports go one way: gateway, conversation, commands, talk, clients, link. `talk` is what a command
may do with its client; `conversation` receives frames and has them carried out. Others may import
`gateway`, `link` with `endings` (for adapters that carry frames), `slices`, `tally` and `tasks`.
"""
