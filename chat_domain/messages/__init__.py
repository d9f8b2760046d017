"""The use cases of talking: one to one (`p2p`), in groups (`group_chat`), looking back (`history`),
and what an `audience` is told of one: up to where one has read (`read_marks`), and that one is
writing (`typing`). Others may take all of them. What came while one was away is for `log.offline`.
"""
