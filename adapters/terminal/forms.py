"""All commands: those of the original client, and those that begin with a slash."""

from adapters.terminal.actions import Actions
from adapters.terminal.parsing import Form

# Exactly as in the original client.
ORIGINAL = [
    Form("help", [], "this list", Actions.help),
    Form("chat", ["friendid", "message"], "write to somebody", Actions.chat, echoed=False),
    Form("addfriend", ["friendid"], "put somebody on your list", Actions.add),
    Form("creategroup", ["groupname", "groupdesc"], "make a group", Actions.create, needs=1),
    Form("addgroup", ["groupid"], "join a group", Actions.join),
    Form("groupchat", ["groupid", "message"], "write to a group", Actions.group_chat, echoed=False),
    Form("loginout", [], "log out", Actions.log_out),
]

SLASHED = [
    Form("/msg", ["NAME", "TEXT"], "write to somebody", Actions.chat, echoed=False),
    Form("/group", ["GROUP", "TEXT"], "write to a group", Actions.group_chat, echoed=False),
    Form(
        "/talk",
        ["NAME"],
        "send plain lines to this person or group; alone: stop",
        Actions.talk,
        needs=0,
        echoed=False,
    ),
    Form("/friends", [], "your list, and who is online", Actions.show_friends),
    Form("/who", [], "who you are, and who of your list is online", Actions.show_who),
    Form("/add", ["NAME"], "put somebody on your list", Actions.add),
    Form("/remove", ["NAME"], "take somebody off your list", Actions.remove),
    Form("/find", ["NAME"], "look for somebody", Actions.find),
    Form("/groups", [], "your groups", Actions.show_groups),
    Form("/members", ["GROUP"], "who is in a group", Actions.show_members),
    Form("/create", ["GROUP", "DESCRIPTION"], "make a group", Actions.create, needs=1),
    Form("/join", ["GROUP"], "join a group, by id, or by name if it is open", Actions.join),
    Form("/rename", ["GROUP", "NAME"], "give a group of yours another name", Actions.rename),
    Form("/leave", ["GROUP"], "leave a group", Actions.leave),
    Form("/password", [], "change your password", Actions.change_password),
    Form("/sessions", [], "your sessions that can be resumed", Actions.show_sessions),
    Form("/end", ["SESSION"], "end one of them", Actions.end_session),
    Form(
        "/search",
        ["WORDS"],
        "go to the next older text with these words",
        Actions.search,
        echoed=False,
    ),
    Form("/mute", ["NAME"], "no bell for a conversation; alone: this one", Actions.mute, needs=0),
    Form("/unmute", ["NAME"], "a bell for it again", Actions.unmute, needs=0),
    Form("/hide", ["read|typing"], "let nobody see what you have read, or typing", Actions.hide),
    Form("/unhide", ["read|typing"], "let them see it again", Actions.unhide),
    Form("/bell", ["on|off"], "whether the terminal's bell rings", Actions.ring),
    Form("/wait", ["SECONDS"], "only receive for a while; for scripts", Actions.wait),
    Form("/logout", [], "log out", Actions.log_out),
    Form("/quit", [], "leave", Actions.quit),
    Form("/help", [], "this list", Actions.help),
]

FORMS = {form.word: form for form in ORIGINAL + SLASHED}

ALL = [*SLASHED, *ORIGINAL]  # as help lists them
