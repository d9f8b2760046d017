"""The rules of the chat: who may do what, and who gets which message.

Nothing here knows of sockets, JSON, databases or event loops; what the rules need
from outside is declared in `ports` and handed in by `entrypoints.assembly`.
"""
