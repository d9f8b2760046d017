"""The browser's way in: HTTP for the page's own files, and a WebSocket for the chat.

`front` is the protocol of a connection; `page` has the files, `asking` judges requests, `socket` is
the link of a WebSocket. Others may take `Front`, `Page` and `Access`.
"""
