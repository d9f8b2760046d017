"""The browsers' port: HTTP for the files of the page, and a WebSocket for the chat.

Imports go one way: front, link and visit, messages, http_requests, page. `front` is the protocol of
a connection until it becomes a `link`; `http_requests` parses requests and answers them from the
`page`; `messages` cuts the data of a WebSocket into frames. Other packages use `Front` with `Web`,
`Page`, `Access` and `USE_TLS`.
"""
