"""The use cases of talking: one to one (`p2p`), in groups (`group_chat`), getting what came while
one was away (`offline`), looking back (`history`), and what others are told of one: up to where one
has read (`read_marks`), and that one is writing (`typing`). Others may take all of them.
"""
