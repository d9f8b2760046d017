"""The use cases of talking: one to one (`p2p`), in groups (`group_chat`), and getting what came
while one was away (`offline`). Others may take all three.
"""
