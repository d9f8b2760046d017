"""The use cases of messaging: writing to a group (`writing`) and to a user (`p2p`, which protects
the recipient and then uses `writing`); looking back (`history`); and what an `audience` is told of
a user: how far they have read (`read_marks`), and that they are typing (`typing`). Others may
import all of them. `log.offline` reads what a user has missed.
"""
