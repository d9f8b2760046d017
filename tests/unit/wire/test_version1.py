"""Frames in the C++ server's format."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.wire import version1
from adapters.wire.version1 import OwnGroup, chat, login_ack, short_chats
from chat_domain.entries import TEXT, Entry, pair
from chat_domain.model import Friend, Group, Member, Role, User
from tests.tries import tries
from tests.unit.wire.protocol_page import examples, section

MS = 1_795_176_302_123  # 2026-11-20 12:05:02 UTC
ROOM = 2**31  # bytes; enough for any lists
MAX_FRAME = 1023  # bytes; the C++ client reads at most 1,024, the last of which is the NUL

ids = st.integers(1, 2**31 - 1)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4096)
odd_texts = st.sampled_from(["👩", '"', "\\", "\0", "\n", "é", "x", "\u2028"]).flatmap(
    lambda character: st.integers(1, 4096).map(lambda count: character * count)
)


def said(text: str = "hello", group_id: int = 0, sender: str = "li si") -> Entry:
    """A text to user 13 alone, or to a group."""
    return Entry(group_id or pair(15, 13), TEXT, 15, sender, "cid", text, at=17, time_ms=MS)


@pytest.fixture(params=["UTC", "Asia/Shanghai"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The server's time zone."""
    before = os.environ.get("TZ")
    _set_zone(request.param)
    yield request.param
    _set_zone(before)


def _set_zone(name: str | None) -> None:
    if name is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = name
    time.tzset()
    version1._local_time.cache_clear()


# -- chats -----------------------------------------------------------------------------------


def test_a_chat_is_what_the_old_server_sent() -> None:
    """The fields are compared one by one."""
    frame = json.loads(chat(said()))
    del frame["time"]
    assert frame == {"msgid": 1005, "id": 15, "name": "li si", "toid": 13, "msg": "hello"}


@pytest.mark.parametrize("to_id", [14, 15, 16])
def test_a_chat_is_for_the_other_one(to_id: int) -> None:
    """Either user may have the lower id. A user who writes to themselves is also the recipient."""
    entry = Entry(pair(15, to_id), TEXT, 15, "li si", "cid", "hello", at=17, time_ms=MS)
    assert json.loads(chat(entry))["toid"] == to_id


def test_a_group_chat_names_the_group() -> None:
    """The group's id replaces the recipient."""
    frame = json.loads(chat(said(group_id=3)))
    del frame["time"]
    assert frame == {"msgid": 1009, "id": 15, "name": "li si", "groupid": 3, "msg": "hello"}


def test_the_page_s_example_has_the_same_fields() -> None:
    """They are in the same order."""
    _, example_chat = examples(section("Version 1"))
    assert list(json.loads(chat(said()))) == list(example_chat)


def test_time_is_local_text(zone: str) -> None:
    """It has seconds, and is in the server's time zone."""
    hour = {"UTC": "12", "Asia/Shanghai": "20"}[zone]
    assert json.loads(chat(said()))["time"] == f"2026-11-20 {hour}:05:02"


# -- short frames ------------------------------------------------------------------------------


def test_a_short_text_is_one_frame() -> None:
    """The frame is not changed."""
    assert short_chats(said()) == [chat(said())]


@given(texts | odd_texts, names, st.sampled_from([0, 3]))
@example("x" * 900, "li si", 0)
@example("\0" * 4096, "👩" * 50, 0)
@example("👩" * 4096, "👩" * 50, 2**31 - 1)
def test_a_long_text_is_split_and_nothing_of_it_is_lost(
    text: str, sender: str, group_id: int
) -> None:
    """Each frame fits, each names the sender, and the texts together are the whole."""
    frames = short_chats(said(text, group_id, sender))
    assert max(map(len, frames)) <= MAX_FRAME
    decoded = [json.loads(frame) for frame in frames]
    assert "".join(frame["msg"] for frame in decoded) == text
    assert {frame["name"] for frame in decoded} == {sender}
    assert all(frame["msg"] for frame in decoded)


@given(odd_texts)
def test_no_more_frames_than_needed(text: str) -> None:
    """Each frame but the last is full: one more character would not fit."""
    frames = short_chats(said(text))
    for frame in frames[:-1]:
        assert len(frame) + len(json.dumps(text[0])) > MAX_FRAME


def test_the_limit_is_1023_bytes_to_the_byte() -> None:
    """A text that fills the frame stays whole. With one more character, it is split."""
    room = MAX_FRAME - len(chat(said("")))
    (whole,) = short_chats(said("x" * room))
    assert len(whole) == MAX_FRAME
    first, second = short_chats(said("x" * (room + 1)))
    assert len(first) == MAX_FRAME
    assert json.loads(second)["msg"] == "x"


# -- the answer to a login -----------------------------------------------------------------------

friends = st.lists(st.builds(Friend, ids, names, st.booleans()), max_size=30)
members = st.lists(st.builds(Member, ids, names, st.sampled_from(Role), st.booleans()), max_size=20)
groups = st.lists(
    st.builds(OwnGroup, st.builds(Group, ids, names, st.text(max_size=200)), members), max_size=5
)
entries = st.lists(
    st.builds(said, texts | odd_texts | st.just("hi"), st.sampled_from([0, 3]), names),
    max_size=10,
)


def decoded(ack: bytes) -> dict[str, Any]:
    """An answer, with the strings in its lists decoded as well."""
    frame: dict[str, Any] = json.loads(ack)
    for name in ("friends", "groups", "offlinemsg"):
        frame[name] = [json.loads(item) for item in frame.get(name, [])]
    for group in frame["groups"]:
        group["users"] = [json.loads(item) for item in group["users"]]
    return frame


@settings(max_examples=tries(10))
@given(names, friends, groups, entries)
def test_a_short_answer_fits_and_is_true(
    name: str, friends: list[Friend], groups: list[OwnGroup], entries: list[Entry]
) -> None:
    """Whatever has to be shown, each list is the beginning of the whole list."""
    ack, count = login_ack(User(13, name), friends, groups, entries, limit=MAX_FRAME)
    assert len(ack) <= MAX_FRAME
    frame = decoded(ack)
    assert (frame["msgid"], frame["errno"], frame["id"]) == (1001, 0, 13)
    assert frame["name"] == name
    assert_beginning([one["id"] for one in frame["friends"]], [one.id for one in friends])
    assert_beginning([one["id"] for one in frame["groups"]], [one.group.id for one in groups])
    for shown, own in zip(frame["groups"], groups, strict=False):
        assert_beginning([one["id"] for one in shown["users"]], [one.id for one in own.members])
    assert [one["msg"] for one in frame["offlinemsg"]] == [one.text for one in entries[:count]]


def assert_beginning(shown: list[int], of: list[int]) -> None:
    assert shown == of[: len(shown)]


@settings(max_examples=tries(10))
@given(names, friends, groups, entries)
def test_a_short_answer_takes_as_many_messages_as_fit(
    name: str, friends: list[Friend], groups: list[OwnGroup], entries: list[Entry]
) -> None:
    """The next message would not fit."""
    user = User(13, name)
    ack, count = login_ack(user, friends, groups, entries, limit=MAX_FRAME)
    if count < len(entries):
        one_more = json.loads(ack)
        one_more.setdefault("offlinemsg", []).append(chat(entries[count]).decode())
        assert len(json.dumps(one_more, ensure_ascii=False, separators=(",", ":")).encode()) > (
            MAX_FRAME
        )


def test_a_group_is_shown_with_as_many_of_its_members_as_fit() -> None:
    """Rather than not at all."""
    members = [Member(number, "x" * 50, Role.NORMAL, online=False) for number in range(1, 21)]
    group = OwnGroup(Group(3, "hikers", ""), members)
    ack, _ = login_ack(User(13, "Ann"), [], [group], [], limit=MAX_FRAME)
    (shown,) = decoded(ack)["groups"]
    assert 0 < len(shown["users"]) < len(members)


@given(names, friends)
def test_friends_alone_may_take_all_the_room(name: str, friends: list[Friend]) -> None:
    """If there are no groups, no room is reserved for them."""
    ack, _ = login_ack(User(13, name), friends, [], [], limit=MAX_FRAME)
    shown = len(json.loads(ack).get("friends", []))
    if shown < len(friends):
        longest = 6 * len(friends[shown].name.encode()) + 70
        assert len(ack) + longest > MAX_FRAME


@settings(max_examples=tries(10))
@given(names, friends, groups, entries)
def test_a_person_gets_everything(
    name: str, friends: list[Friend], groups: list[OwnGroup], entries: list[Entry]
) -> None:
    """With enough room, all lists are complete."""
    ack, count = login_ack(User(13, name), friends, groups, entries, limit=ROOM)
    frame = decoded(ack)
    assert count == len(entries)
    assert [one["name"] for one in frame["friends"]] == [one.name for one in friends]
    assert [len(one["users"]) for one in frame["groups"]] == [len(one.members) for one in groups]


def test_the_answer_is_what_the_old_server_sent() -> None:
    """This builds the page's example."""
    example_ack, _ = examples(section("Version 1"))
    ack, _ = login_ack(
        User(13, "zhang san"),
        [Friend(15, "li si", online=True)],
        [
            OwnGroup(
                Group(3, "hikers", "every Sunday"),
                [Member(13, "zhang san", Role.CREATOR, online=True)],
            )
        ],
        [],
        limit=ROOM,
    )
    frame = json.loads(ack)
    assert frame["friends"] == example_ack["friends"]
    assert frame["groups"] == example_ack["groups"]
    stored = json.loads(example_ack["offlinemsg"][0])
    assert list(stored) == list(json.loads(chat(said())))


def test_empty_lists_are_left_out() -> None:
    """The old client checks whether they exist. `seq` is there if the request had one."""
    assert json.loads(login_ack(User(13, "x"), [], [], [], limit=ROOM)[0]) == {
        "msgid": 1001, "errno": 0, "id": 13, "name": "x",
    }  # fmt: skip
    assert json.loads(login_ack(User(13, "x"), [], [], [], seq=7, limit=ROOM)[0])["seq"] == 7
