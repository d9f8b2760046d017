"""The browsers' port: HTTP for the page's own files, and a WebSocket for the chat.

Imports go one way: front, link and visit, messages, asking, page. `front` is the protocol of a
connection until it becomes a `link`; `asking` judges requests and answers them from the `page`;
`messages` cuts what a WebSocket brings into frames. Others may take `Front` with `Web`, `Page`,
`Access` and `USE_TLS`.
"""
