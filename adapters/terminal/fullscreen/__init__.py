"""The line client on the whole terminal: conversations beside one another, each with its past.

What is shown is a model that knows no terminal (`desk`, `window`, `stretch`), turned into rows of
text (`drawing`, `scrolling`, `listing`) which `layout` puts on the screen.
"""
