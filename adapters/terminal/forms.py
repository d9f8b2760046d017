"""All commands: those of the original client, and those that begin with a slash."""

from adapters.terminal.actions import Actions
from adapters.terminal.parsing import Form

# Exactly as in the original client.
ORIGINAL = [
    Form("help", [], "this list", Actions.help),
    Form("chat", ["friendid", "message"], "message a user", Actions.chat, echoed=False),
    Form("addfriend", ["friendid"], "add a friend", Actions.add),
    Form("creategroup", ["groupname", "groupdesc"], "create a group", Actions.create, needs=1),
    Form("addgroup", ["groupid"], "join a group", Actions.join),
    Form("groupchat", ["groupid", "message"], "message a group", Actions.group_chat, echoed=False),
    Form("loginout", [], "log out", Actions.log_out),
]

SLASHED = [
    Form("/msg", ["NAME", "TEXT"], "message a user", Actions.chat, echoed=False),
    Form("/group", ["GROUP", "TEXT"], "message a group", Actions.group_chat, echoed=False),
    Form(
        "/talk",
        ["NAME"],
        "send what you type to this person or group; alone: stop",
        Actions.talk,
        needs=0,
        echoed=False,
    ),
    Form("/friends", [], "list your friends, and who is online", Actions.show_friends),
    Form("/who", [], "who you are, and which friends are online", Actions.show_who),
    Form("/add", ["NAME"], "add a friend", Actions.add),
    Form("/remove", ["NAME"], "remove a friend", Actions.remove),
    Form("/find", ["NAME"], "find a user", Actions.find),
    Form("/groups", [], "list your groups", Actions.show_groups),
    Form("/members", ["GROUP"], "list the members of a group", Actions.show_members),
    Form("/create", ["GROUP", "DESCRIPTION"], "create a group", Actions.create, needs=1),
    Form("/join", ["GROUP"], "join a group, by id or by name", Actions.join),
    Form("/rename", ["GROUP", "NAME"], "rename a group of yours", Actions.rename),
    Form("/leave", ["GROUP"], "leave a group", Actions.leave),
    Form("/password", [], "change your password", Actions.change_password),
    Form("/sessions", [], "list your sessions", Actions.show_sessions),
    Form("/end", ["SESSION"], "end a session", Actions.end_session),
    Form(
        "/search",
        ["WORDS"],
        "find these words in older messages",
        Actions.search,
        echoed=False,
    ),
    Form("/mute", ["NAME"], "mute a conversation; alone: this one", Actions.mute, needs=0),
    Form("/unmute", ["NAME"], "unmute a conversation", Actions.unmute, needs=0),
    Form("/hide", ["read|typing"], "hide what you have read, or your typing", Actions.hide),
    Form("/unhide", ["read|typing"], "show it again", Actions.unhide),
    Form("/bell", ["on|off"], "turn the bell on or off", Actions.ring),
    Form("/wait", ["SECONDS"], "only receive for a while; for scripts", Actions.wait),
    Form("/logout", [], "log out", Actions.log_out),
    Form("/quit", [], "quit", Actions.quit),
    Form("/help", [], "this list", Actions.help),
]

FORMS = {form.word: form for form in ORIGINAL + SLASHED}

ALL = [*SLASHED, *ORIGINAL]  # as help lists them
