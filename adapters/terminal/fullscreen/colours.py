"""Colours that are legible on a white background and on a black one."""

from prompt_toolkit.styles import Style

GREY, RED, GREEN, TEAL, BLUE = "#767676", "#d7005f", "#008700", "#008787", "#0087af"
SENDERS = ["#5f5fff", "#00875f", "#875fd7", "#af5f00", "#af5faf", BLUE]

STYLES = {
    "time": GREY,
    "date": GREY,
    "note": GREY,
    "gone": GREY,
    "logged": GREY,
    "offline": GREY,
    "error": RED,
    "new": f"bold {RED}",
    "online": GREEN,
    "got": BLUE,
    "read": f"bold {GREEN}",
    "own": GREY,
    "me": "bold",
    "mention": f"bold {RED}",
    "found": "reverse",
    "title": "bold",
    "group": f"bold {TEAL}",
    "prompt": "bold",
    "unread": "bold",
    "chosen": "reverse",
    "status": "reverse",
    "edge": GREY,
    **{f"sender{number}": f"bold {colour}" for number, colour in enumerate(SENDERS)},
}

STYLE = Style.from_dict(STYLES)
