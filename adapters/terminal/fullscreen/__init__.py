"""The line client on the whole terminal: several conversations side by side, with their history.

The state is a model that knows no terminal (`window_manager`, `window`, `scrollback`). `drawing`,
`scrolling` and `listing` turn it into rows of text, which `layout` puts on the screen.
"""
