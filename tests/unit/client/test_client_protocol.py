"""The client's protocol without a socket, on a clock that the test sets."""

import json
import random
from typing import Any

import pytest

from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.errors import NeedsTls, Refused, WrongServer
from adapters.client.events import (
    Ack,
    Changed,
    Event,
    GoingAway,
    Got,
    Message,
    Notice,
    Presence,
    Reset,
    ServerError,
    SessionEnded,
)
from adapters.client.outputs import Answered, Broken, Settled, State
from adapters.client.position import Position
from adapters.client.protocol import ClientProtocol
from adapters.client.saved_state import SavedState
from adapters.client.settings import Settings
from adapters.wire.requests import Login, OneChat, Register
from tests.unit.client.fake_chat_server import AT_0, Frame, line, push


class Bench:
    """A protocol and its frames. Time stands still until the test moves it."""

    def __init__(self, **settings: Any) -> None:
        hold = Backoff(0.2, 5.0, random.Random(1))
        self.cids = Cids()
        self.protocol = ClientProtocol(Settings(**settings), hold, self.cids)
        self.now = 100.0
        self.posted = 0

    def sent(self) -> list[Frame]:
        self.protocol.pump(self.now)
        return [json.loads(raw) for raw in self.protocol.data_to_send().splitlines()]

    def hear(self, *frames: bytes) -> list[Any]:
        """Receive these frames. The application finishes each entry at once."""
        outputs = self.hear_only(*frames)
        for output in outputs:
            if isinstance(output, Message | Changed):
                self.protocol.stream.finish(output)
        return outputs

    def hear_only(self, *frames: bytes) -> list[Any]:
        return self.protocol.receive(b"".join(frames), self.now)

    def connect(self) -> None:
        self.protocol.connection_made(self.now)

    def log_in(self, user_id: int = 13, since: int | None = None, **fields: Any) -> list[Any]:
        self.connect()
        login = Login(id=user_id, password="x", v=2, since=since, epoch="e1")
        fields = {"seq": self.protocol.request(login), "id": user_id} | fields
        outputs = self.hear(login_ack(**fields))
        self.protocol.data_to_send()
        return [output for output in outputs if not isinstance(output, Answered)]

    def reconnect(self) -> None:
        position = self.protocol.stream.position
        self.protocol.connection_lost()
        self.log_in(since=position.since if position else None)

    @property
    def since(self) -> int | None:
        return self.protocol.stream.position.since if self.protocol.stream.position else None

    def post(self, count: int = 1) -> None:
        for _ in range(count):
            self.posted += 1
            self.protocol.post(f"c{self.posted}", OneChat(toid=15, msg="hi"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def login_ack(**fields: Any) -> bytes:
    ack = {"msgid": 1001, "seq": 1, "errno": 0, "id": 13, "name": "z", "v": 2, "token": "t"}
    return line(**ack | AT_0 | fields)


def change(at: int, cid: str = "x", sender: int = 15, **fields: Any) -> bytes:
    who = {"id": sender, "name": "li", "groupid": 3, "time": 7}
    return line(**{"msgid": 1037, "at": at, "cid": cid, "what": "joined"} | who | fields)


def ack(seq: int, at: int = 7) -> bytes:
    return line(msgid=1010, seq=seq, at=at, time=1)


def error(seq: int, name: str) -> bytes:
    return line(msgid=1011, seq=seq, errno=50, error=name, errmsg="")


def cids(frames: list[Frame]) -> list[str]:
    return [frame["cid"] for frame in frames if frame["msgid"] == 1005]


def taken(bench: Bench) -> list[int]:
    return [frame["at"] for frame in bench.sent() if frame["msgid"] == 1014]


def messages(outputs: list[Event]) -> list[str]:
    return [output.cid for output in outputs if isinstance(output, Message)]


def test_requests_are_numbered_and_end_in_a_newline(bench: Bench) -> None:
    """Each request on a connection has its own seq, which the answer repeats."""
    bench.connect()
    bench.protocol.request(Register(name="a", password="b"))
    bench.protocol.request(Register(name="c", password="b"))
    assert [frame["seq"] for frame in bench.sent()] == [1, 2]
    (output,) = bench.hear(line(msgid=1004, seq=2, errno=0, id=5))
    assert isinstance(output, Answered)
    assert output.seq == 2


def test_frames_may_come_in_pieces(bench: Bench) -> None:
    """The network may cut the stream anywhere."""
    bench.log_in()
    data = push(1, "a") + push(2, "b")
    outputs = [out for at in range(len(data)) for out in bench.hear(data[at : at + 1])]
    assert messages(outputs) == ["a", "b"]


def test_chats_wait_for_the_login(bench: Bench) -> None:
    """Messages posted while nobody is logged in are sent after the login."""
    bench.connect()
    bench.post()
    assert bench.sent() == []
    bench.protocol.connection_lost()
    bench.protocol.connection_made(bench.now)
    bench.hear(login_ack())
    assert cids(bench.sent()) == ["c1"]


def test_taken_covers_all_that_has_come(bench: Bench) -> None:
    """It names the highest position of several, once. The first TAKEN is sent at once."""
    bench.log_in()
    bench.hear(push(1, "a"), push(2, "b"), push(5, "c"))
    assert bench.sent() == [{"msgid": 1014, "at": 5}]
    assert bench.sent() == []


def test_what_the_application_is_not_done_with_is_not_taken(bench: Bench) -> None:
    """What follows it is not taken over either, in this session and the next. The server does not
    send it again all the same."""
    bench.log_in()
    first, second, third = bench.hear_only(push(1, "a"), push(2, "b"), push(5, "c"))
    assert taken(bench) == []
    bench.protocol.stream.finish(first)
    bench.now += 1
    assert (taken(bench), bench.since) == ([1], 5)
    bench.reconnect()
    bench.hear_only(line(msgid=1013, at=9), push(1, "a"))
    bench.protocol.stream.finish(third)
    bench.protocol.stream.finish(second)
    bench.now += 1
    assert taken(bench) == [9]


def test_who_has_missed_too_much_is_told_where_they_were(bench: Bench) -> None:
    """The application can then ask for the rest. A position of another epoch would be of no use for
    that."""
    bench.log_in()
    bench.hear(push(4, "a"))
    bench.protocol.connection_lost()
    outputs = bench.log_in(since=4, head=9_000, reset=True)
    assert outputs == [Reset(Position(9_000, "e1"), was=Position(4, "e1"))]
    for head in (9_001, 3):
        bench.protocol.connection_lost()
        outputs = bench.log_in(since=9_000, reset=True, head=head, epoch="e2")
        assert outputs == [Reset(Position(head, "e2"))]


def test_what_was_of_another_epoch_holds_nothing_up(bench: Bench) -> None:
    """Its positions no longer mean anything."""
    bench.log_in()
    (old,) = bench.hear_only(push(4, "a"))
    bench.protocol.connection_lost()
    bench.log_in(since=4, reset=True, head=4, epoch="e2")
    assert bench.protocol.stream.done == Position(4, "e2")
    bench.hear(push(5, "b"))
    assert taken(bench) == [5]
    bench.protocol.stream.finish(old)
    bench.now += 1
    assert taken(bench) == []


def test_taken_comes_at_most_once_a_second_or_every_32_messages(bench: Bench) -> None:
    """Each TAKEN costs the server a little, and senders learn of it no sooner than this."""
    bench.log_in()
    bench.hear(push(1, "a"))
    assert bench.sent() == [{"msgid": 1014, "at": 1}]
    bench.hear(push(2, "b"))
    assert bench.sent() == []
    assert bench.protocol.due == bench.now + 1.0
    bench.now += 1.0
    assert bench.sent() == [{"msgid": 1014, "at": 2}]
    bench.hear(*(push(10 + number, f"d{number}") for number in range(31)))
    assert bench.sent() == []
    bench.hear(push(41, "e"))
    assert bench.sent() == [{"msgid": 1014, "at": 41}]


@pytest.mark.parametrize("end", ["logout", "close", "going away"])
def test_taken_is_said_at_once_where_nothing_more_comes(bench: Bench, end: str) -> None:
    """Otherwise the next login would bring the entry again."""
    bench.log_in()
    bench.hear(push(1, "a"))
    bench.sent()
    bench.hear(push(2, "b"))
    if end == "logout":
        bench.protocol.log_out()
    elif end == "close":
        bench.protocol.send_taken()
    else:
        bench.hear(line(msgid=1018, delay=2000))
    assert bench.sent()[0] == {"msgid": 1014, "at": 2}


def test_what_the_server_was_not_told_it_is_told_on_the_next_connection(bench: Bench) -> None:
    """The server does not push the entry there again."""
    bench.log_in()
    bench.hear(push(1, "a"))
    bench.sent()
    bench.hear(push(2, "b"))
    bench.reconnect()
    bench.now += 1.0
    assert bench.sent() == [{"msgid": 1014, "at": 2}]


def test_the_position_is_what_was_pushed_or_said_by_ping_and_pong(bench: Bench) -> None:
    """Changes move it too, including those of a later protocol version."""
    bench.log_in()
    bench.hear(push(3, "a"))
    assert bench.protocol.stream.position == Position(3, "e1")
    bench.hear(change(5, what="painted"))
    assert bench.since == 5
    bench.hear(line(msgid=1012, at=8))
    assert bench.since == 8
    bench.hear(line(msgid=1013, at=9))
    assert bench.since == 9
    bench.hear(line(msgid=1013, at=4))
    assert bench.since == 9


def test_an_ack_does_not_move_the_position(bench: Bench) -> None:
    """Something below the client's own message may not have arrived yet."""
    bench.log_in()
    bench.hear(push(3, "a"))
    bench.sent()
    bench.post()
    (sent,) = bench.sent()
    bench.hear(ack(sent["seq"], at=9))
    assert bench.since == 3
    assert messages(bench.hear(push(8, "b"))) == ["b"]


def test_who_does_not_know_where_they_are_asks(bench: Bench) -> None:
    """The client asks before anything arrives: other devices might take that over, and this one
    would miss it."""
    bench.connect()
    seq = bench.protocol.request(Login(id=13, password="x", v=2))
    bench.sent()
    bench.hear(login_ack(seq=seq))
    assert bench.sent() == [{"msgid": 1012}]
    bench.hear(line(msgid=1013, at=40))
    assert bench.protocol.stream.position == Position(40, "e1")
    bench.log_in(since=40)
    assert bench.sent() == [], "who knows does not ask"


def test_the_position_outlives_a_connection(bench: Bench) -> None:
    """A login without a position ends it."""
    bench.log_in()
    bench.hear(push(3, "a"))
    bench.protocol.connection_lost()
    assert bench.protocol.stream.position == Position(3, "e1")
    bench.log_in(since=3)
    assert bench.since == 3
    bench.protocol.log_out()
    bench.log_in()
    assert bench.since is None


def test_a_login_can_put_the_position_to_the_head(bench: Bench) -> None:
    """The server does so if too much was missed, or if the positions have changed their meaning."""
    bench.log_in()
    bench.hear(push(3, "a"))
    bench.protocol.connection_lost()
    outputs = bench.log_in(since=3, reset=True, head=2, epoch="e2")
    assert outputs == [Reset(Position(2, "e2"))]
    assert bench.protocol.stream.position == Position(2, "e2")
    bench.now += 1.0
    assert bench.sent() == [], "what came before has no position any more"
    assert messages(bench.hear(push(3, "b"))) == ["b"]


def test_what_was_had_is_known_in_another_epoch(bench: Bench) -> None:
    """The client knows a message by its sender and cid."""
    bench.log_in()
    bench.hear(push(3, "a"), push(4, "b"))
    bench.protocol.connection_lost()
    bench.log_in(since=4, reset=True, head=2, epoch="e2")
    assert messages(bench.hear(push(3, "b"), push(4, "c"))) == ["c"]
    assert bench.protocol.stream.position == Position(4, "e2")


def test_a_copy_is_not_shown(bench: Bench) -> None:
    """An entry is a copy if its position was received, or its cid from the same sender."""
    bench.log_in()
    bench.hear(push(3, "a"))
    bench.reconnect()
    assert messages(bench.hear(push(3, "c"), push(4, "a"))) == []
    assert bench.hear(change(4)) == []
    assert bench.since == 4


def test_a_cid_of_another_sender_is_another_message(bench: Bench) -> None:
    """A cid is unique only for its sender."""
    bench.log_in()
    assert messages(bench.hear(push(1, "a", sender=15), push(2, "a", sender=16))) == ["a", "a"]


def test_another_user_of_this_client_gets_the_group_message_too(bench: Bench) -> None:
    """What one user has seen is forgotten when another one logs in."""
    bench.log_in(user_id=13)
    bench.hear(push(1, "a"))
    bench.protocol.connection_lost()
    bench.log_in(user_id=14)
    assert messages(bench.hear(push(1, "a"))) == ["a"]


def test_what_comes_after_the_logout_is_left_to_the_next_login(bench: Bench) -> None:
    """It is neither shown nor taken over."""
    bench.log_in()
    bench.protocol.log_out()
    bench.sent()
    assert bench.hear(push(1, "a"), change(2)) == []
    assert bench.sent() == []
    assert bench.since is None


def test_what_there_is_no_room_for_comes_again(bench: Bench) -> None:
    """Neither it nor anything behind it on this connection moves the position."""
    bench.log_in()
    bench.hear(push(1, "a"))
    bench.sent()
    bench.protocol.room = False
    assert bench.hear(push(2, "b")) == []
    bench.protocol.room = True
    assert bench.hear(push(3, "c"), line(msgid=1012, at=4)) == []
    assert (bench.since, bench.protocol.stream.missed) == (1, True)
    bench.reconnect()
    assert messages(bench.hear(push(2, "b"), push(3, "c"))) == ["b", "c"]


def test_what_other_devices_write_is_the_user_s_own(bench: Bench) -> None:
    """It is shown, with its recipient."""
    bench.log_in()
    (message,) = bench.hear(push(4, "else", sender=13, toid=15, re=2))
    assert message == Message(4, "else", 13, "li", "hello", 7, to_id=15, answers=2, own=True)
    (message,) = bench.hear(line(**GROUP_CHAT, at=5, id=15))
    assert message == Message(5, "g", 15, "li", "hello", 7, group_id=3)


GROUP_CHAT = {"msgid": 1009, "cid": "g", "name": "li", "groupid": 3, "msg": "hello", "time": 7}


def test_a_message_that_comes_back_is_answered(bench: Bench) -> None:
    """It is in the log although its ACK was lost, and the client does not show it as new."""
    bench.log_in()
    cids = [bench.cids.next() for _ in range(3)]
    for cid in cids:
        bench.protocol.post(cid, OneChat(toid=15, msg="hi"))
    bench.sent()
    bench.protocol.connection_lost()
    bench.log_in(since=0)
    assert bench.hear(push(4, cids[0], sender=13, toid=15)) == [Settled(cids[0], Ack(4, 7))]
    sent = [frame for frame in bench.sent() if frame["msgid"] == 1005]
    assert [frame["cid"] for frame in sent] == cids[1:], "what has an answer is not sent again"
    assert bench.hear(push(5, cids[1], sender=13, toid=15)) == [Settled(cids[1], Ack(5, 7))]
    late = bench.hear(ack(sent[0]["seq"], at=5))
    assert not any(isinstance(output, Settled) for output in late)
    assert [cid for cid in cids if bench.protocol.waiting(cid)] == cids[2:]
    assert bench.since == 5


def test_what_this_client_wrote_is_no_news(bench: Bench) -> None:
    """The client recognizes its own cids, even after their ACK, and remembers none of them."""
    bench.log_in()
    own = [bench.cids.next() for _ in range(600)]
    assert bench.hear(*(push(1 + at, cid, sender=13) for at, cid in enumerate(own))) == []
    assert bench.hear(change(601, bench.cids.next(), sender=13)) == []
    assert bench.since == 601
    assert messages(bench.hear(push(602, bench.cids.next(), sender=15))), "nobody else's is"


def test_changes_are_events(bench: Bench) -> None:
    """The event has all fields of the change, of any kind."""
    bench.log_in()
    assert bench.hear(
        change(1, "a", what="left", whom=16),
        change(2, "b", sender=13, what="renamed", newname="larks", detail="d"),
    ) == [
        Changed(1, "a", 15, "li", 7, "left", 3, whom=16),
        Changed(2, "b", 13, "li", 7, "renamed", 3, new_name="larks", detail="d", own=True),
    ]


def test_marks_say_who_has_got_what(bench: Bench) -> None:
    """Each mark becomes one event."""
    bench.log_in()
    marks = [{"id": 15, "got": 7}, {"id": 16, "got": 3}]
    assert bench.hear(line(msgid=1038, marks=marks)) == [Got(15, 7), Got(16, 3)]


def test_a_session_that_was_ended_elsewhere_is_over(bench: Bench) -> None:
    """Nothing more is shown or sent."""
    bench.log_in()
    bench.post()
    (ended,) = bench.hear(line(msgid=1016))
    assert isinstance(ended, SessionEnded)
    assert ended.refusal.error == "bad_token"
    assert bench.hear(push(1, "a")) == []
    assert bench.sent() == []


def test_an_ack_settles_its_push(bench: Bench) -> None:
    """The answer names the message by its seq; the application hears of it by its cid."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    assert bench.hear(ack(sent["seq"], at=9)) == [Settled("c1", Ack(9, 1))]
    assert bench.protocol.waiting("c1") is None


def test_a_refused_chat_fails(bench: Bench) -> None:
    """A permanent refusal settles the message, which is not sent again."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    (settled,) = bench.hear(error(sent["seq"], "mailbox_full"))
    assert settled.cid == "c1"
    assert isinstance(settled.outcome, Refused)
    bench.reconnect()
    assert bench.sent() == []


def test_what_has_no_answer_is_sent_again_in_order_before_what_is_new(bench: Bench) -> None:
    """After a reconnection, the old messages go first, in their order, with their cids."""
    bench.log_in()
    bench.post(4)
    sent = bench.sent()
    bench.hear(ack(sent[1]["seq"]))
    bench.protocol.connection_lost()
    bench.post()
    bench.log_in()
    bench.post()
    bench.protocol.connection_lost()
    bench.connect()
    bench.hear(login_ack())
    assert cids(bench.sent()) == ["c1", "c3", "c4", "c5", "c6"]


@pytest.mark.parametrize("name", ["try_again", "too_many_unanswered", "shutting_down"])
def test_a_passing_refusal_is_tried_again_in_order(bench: Bench, name: str) -> None:
    """Once nothing is under way and a delay has passed, the refused messages go before the rest."""
    bench.log_in()
    bench.post(3)
    one, two, three = bench.sent()
    assert bench.hear(error(two["seq"], name), ack(one["seq"])) == [Settled("c1", Ack(7, 1))]
    bench.post()
    bench.now += 1
    assert bench.sent() == [], "c3 may still be refused, and must not be overtaken"
    bench.hear(error(three["seq"], name))
    bench.now += 1
    assert cids(bench.sent()) == ["c2", "c3", "c4"]


def test_the_delay_of_a_passing_refusal_grows_and_is_bounded(bench: Bench) -> None:
    """A server that stays busy is asked less and less often, but at least every 5 s."""
    bench.log_in()
    bench.post()
    delays = []
    for _ in range(10):
        (sent,) = bench.sent()
        bench.hear(error(sent["seq"], "try_again"))
        assert bench.protocol.due is not None
        delays.append(bench.protocol.due - bench.now)
        assert bench.sent() == []
        bench.now += delays[-1]
    assert 0.1 <= delays[0] <= 0.2
    assert 2.5 <= delays[-1] <= 5.0
    (sent,) = bench.sent()
    bench.hear(ack(sent["seq"]))
    bench.post()
    (sent,) = bench.sent()
    bench.hear(error(sent["seq"], "try_again"))
    assert bench.protocol.due is not None
    assert bench.protocol.due - bench.now <= 0.2, "what has worked begins anew"


def test_no_more_than_the_window_is_without_an_answer(bench: Bench) -> None:
    """The rest waits, in order, for answers."""
    bench.log_in()
    bench.post(300)
    sent = bench.sent()
    assert len(sent) == 256
    bench.hear(ack(sent[0]["seq"]), ack(sent[9]["seq"]))
    assert cids(bench.sent()) == ["c257", "c258"]


def test_a_chat_without_an_answer_is_sent_again(bench: Bench) -> None:
    """It is sent after 10 s with a new seq. The first answer that accepts either copy settles
    it."""
    bench.log_in()
    bench.post()
    (first,) = bench.sent()
    bench.now += 9.9
    bench.protocol.tick(bench.now)
    assert bench.sent() == []
    bench.now += 0.1
    bench.protocol.tick(bench.now)
    (second,) = bench.sent()
    assert second["cid"] == first["cid"]
    assert second["seq"] > first["seq"]
    assert bench.hear(error(first["seq"], "try_again")) == [], "its second copy is still out"
    assert bench.hear(ack(first["seq"])) == [Settled("c1", Ack(7, 1))]
    assert not any(isinstance(output, Settled) for output in bench.hear(ack(second["seq"])))


def test_a_server_that_answers_no_chat_is_given_up(bench: Bench) -> None:
    """The client does so even if the connection is active otherwise."""
    bench.log_in()
    bench.post()
    bench.sent()
    for _ in range(29):
        bench.now += 1
        bench.hear(line(msgid=1012, at=0))
        assert bench.protocol.tick(bench.now) is None
    bench.now += 1
    assert bench.protocol.tick(bench.now) == "the server does not answer"


def test_a_ping_is_answered(bench: Bench) -> None:
    """The client also answers before a login."""
    bench.connect()
    bench.hear(line(msgid=1012, at=0))
    assert bench.sent() == [{"msgid": 1013}]


def test_silence_is_a_question_and_then_an_end(bench: Bench) -> None:
    """The client sends PING after 20 s and after 40 s. At 60 s, it gives the connection up."""
    bench.log_in()
    pings = []
    for second in range(1, 60):
        assert bench.protocol.tick(bench.now + second) is None
        if bench.sent():
            pings.append(second)
    assert pings == [20, 40]
    assert bench.protocol.tick(bench.now + 60) == "the server is silent"


def test_any_frame_breaks_the_silence(bench: Bench) -> None:
    """Each frame starts the time anew."""
    bench.log_in()
    bench.now += 59
    bench.hear(line(msgid=1013))
    assert bench.protocol.tick(bench.now + 59) is None


def test_the_operator_s_notice_is_passed_on(bench: Bench) -> None:
    """It is an event of its own kind."""
    bench.log_in()
    assert bench.hear(line(msgid=1034, text="we restart at noon")) == [Notice("we restart at noon")]


def test_nothing_new_is_sent_to_a_server_that_goes_away(bench: Bench) -> None:
    """Answers still count, and waiting messages go to the next server."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    assert bench.hear(line(msgid=1018, delay=2000)) == [GoingAway(2000)]
    bench.post()
    assert bench.sent() == []
    assert bench.hear(ack(sent["seq"])) == [Settled("c1", Ack(7, 1))]
    bench.protocol.connection_lost()
    bench.connect()
    bench.hear(login_ack())
    assert cids(bench.sent()) == ["c2"]


def test_a_server_that_never_leaves_is_left(bench: Bench) -> None:
    """The client gives up 10 s after a GOING_AWAY."""
    bench.log_in()
    bench.hear(line(msgid=1018, delay=0))
    assert bench.protocol.tick(bench.now + 9) is None
    assert bench.protocol.tick(bench.now + 10) == "the server is shutting down"


def test_notices_are_events(bench: Bench) -> None:
    """PRESENCE, and errors that answer no request, reach the application."""
    bench.log_in()
    presence, error = bench.hear(
        line(msgid=1017, id=15, name="li si", state="online"),
        line(msgid=1011, errno=43, error="bad_at", errmsg="no"),
    )
    assert presence == Presence(15, "li si", online=True)
    assert isinstance(error, ServerError)
    assert str(error.refusal) == "bad_at: no"


def test_frames_of_a_later_version_are_ignored(bench: Bench) -> None:
    """So are fields that this client does not know."""
    bench.log_in()
    outputs = bench.hear(line(msgid=2000, x=1), line(msgid=1012, at=0, y=[2]), push(1, "a"))
    assert messages(outputs) == ["a"]


@pytest.mark.parametrize(
    "nonsense",
    [b"{\n", b"[]\n", b'{"msgid":1005}\n', b"x" * 131_073, b'{"msgid":"1005"}\n', b"\xff\n"],
)
def test_what_came_before_nonsense_is_not_lost(bench: Bench, nonsense: bytes) -> None:
    """The client gives the connection up, but shows the messages that have arrived."""
    bench.log_in()
    outputs = bench.hear(push(1, "a"), nonsense)
    assert messages(outputs) == ["a"]
    assert isinstance(outputs[-1], Broken)


def test_a_server_of_version_1_is_not_for_this_client(bench: Bench) -> None:
    """It would not send acknowledgements, and trying again does not change that."""
    bench.connect()
    (broken,) = bench.hear(line(msgid=1001, seq=1, errno=0, id=13, name="z"))
    assert isinstance(broken.trouble, WrongServer)
    assert str(broken.trouble) == "the server only supports version 1"


def test_a_refused_login_leaves_the_connection_open(bench: Bench) -> None:
    """Another login may follow."""
    bench.connect()
    bench.hear(line(msgid=1001, seq=1, errno=3, error="bad_credentials", errmsg="no"))
    assert bench.protocol.state is State.OPEN


def test_a_port_that_wants_tls_is_told_from_nonsense(bench: Bench) -> None:
    """Only the first bytes that arrive can tell."""
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    bench.connect()
    (broken,) = bench.hear(alert)
    assert isinstance(broken.trouble, NeedsTls)
    bench.reconnect()
    (broken,) = bench.hear(alert)
    assert not isinstance(broken.trouble, NeedsTls)


@pytest.mark.parametrize("banner", [b"SSH-2.0-X\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_has_never_made_sense_is_no_chat_server(bench: Bench, banner: bytes) -> None:
    """The client does not try again. A server that has sent valid frames before may come back."""
    bench.connect()
    (broken,) = bench.hear(banner)
    assert isinstance(broken.trouble, WrongServer)
    bench.reconnect()
    bench.hear(line(msgid=1013, at=0))
    (broken,) = bench.hear(banner)
    assert not isinstance(broken.trouble, WrongServer)


def test_only_the_user_of_the_local_store_is_let_in(bench: Bench) -> None:
    """Messages for another user are not taken over."""
    bench.protocol.restore(SavedState(13, Position(4, "e1")))
    bench.connect()
    login = Login(id=14, password="x", v=2)
    bench.hear(login_ack(seq=bench.protocol.request(login), id=14), push(5, "a", toid=14))
    assert (bench.protocol.state, bench.since) == (State.OPEN, 4)
