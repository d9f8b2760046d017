"""The use cases of messaging: one to one (`p2p`) and in groups (`group_chat`), both by `writing` to
the log; looking back (`history`); and what an `audience` is told of a user: how far they have read
(`read_marks`), and that they are typing (`typing`). Others may import all of them. `log.offline`
reads what a user has missed.
"""
