"""The client's protocol without a socket, on a clock that the test sets."""

import json
import random
from typing import Any

import pytest

from adapters.client.backoff import Backoff
from adapters.client.errors import Refused
from adapters.client.events import (
    Ack,
    Event,
    GoingAway,
    Message,
    Presence,
    Replaced,
    ServerError,
)
from adapters.client.protocol import Answered, Broken, ClientProtocol, Settled, State
from adapters.client.settings import Settings
from adapters.wire.requests import Login, OneChat, Register
from chat_domain.hints import Notice
from tests.unit.client.fake_chat_server import Frame, line


class Bench:
    """A protocol with its frames at hand; time stands still until the test moves it."""

    def __init__(self, **settings: Any) -> None:
        hold = Backoff(0.2, 5.0, random.Random(1))
        self.protocol = ClientProtocol(Settings(**settings), hold)
        self.now = 100.0
        self.posted = 0

    def sent(self) -> list[Frame]:
        self.protocol.pump(self.now)
        return [json.loads(raw) for raw in self.protocol.data_to_send().splitlines()]

    def hear(self, *frames: bytes) -> list[Any]:
        return self.protocol.receive(b"".join(frames), self.now)

    def connect(self) -> None:
        self.protocol.connection_made(self.now)

    def log_in(self, user_id: int = 13) -> None:
        self.connect()
        seq = self.protocol.request(Login(id=user_id, password="x", v=2))
        self.hear(line(msgid=1001, seq=seq, errno=0, id=user_id, name="zhang san", v=2, token="t"))
        self.sent()

    def reconnect(self) -> None:
        self.protocol.connection_lost()
        self.log_in()

    def post(self, count: int = 1) -> None:
        for _ in range(count):
            self.posted += 1
            self.protocol.post(f"c{self.posted}", OneChat(toid=15, msg="hi"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def chat(push: int, cid: str, sender: int = 15) -> bytes:
    return line(
        msgid=1005, push=push, mid="m", cid=cid, id=sender, name="li", toid=13, msg="hello", time=7
    )


def ack(seq: int, status: str = "delivered") -> bytes:
    return line(msgid=1010, seq=seq, mid="m", time=1, status=status)


def error(seq: int, name: str) -> bytes:
    return line(msgid=1011, seq=seq, errno=50, error=name, errmsg="")


def cids(frames: list[Frame]) -> list[str]:
    return [frame["cid"] for frame in frames if frame["msgid"] == 1005]


def messages(outputs: list[Event]) -> list[str]:
    return [output.cid for output in outputs if isinstance(output, Message)]


def test_requests_are_numbered_and_end_in_a_newline(bench: Bench) -> None:
    """Each request of a connection has its own seq, which its answer carries."""
    bench.connect()
    bench.protocol.request(Register(name="a", password="b"))
    bench.protocol.request(Register(name="c", password="b"))
    assert [frame["seq"] for frame in bench.sent()] == [1, 2]
    (output,) = bench.hear(line(msgid=1004, seq=2, errno=0, id=5))
    assert isinstance(output, Answered)
    assert output.seq == 2


def test_frames_may_come_in_pieces(bench: Bench) -> None:
    """How the network cuts the stream makes no difference."""
    bench.log_in()
    data = chat(1, "a") + chat(2, "b")
    outputs = [out for at in range(len(data)) for out in bench.hear(data[at : at + 1])]
    assert messages(outputs) == ["a", "b"]


def test_chats_wait_for_the_login(bench: Bench) -> None:
    """What is posted while nobody is logged in is sent once somebody is."""
    bench.connect()
    bench.post()
    assert bench.sent() == []
    bench.protocol.connection_lost()
    bench.protocol.connection_made(bench.now)
    bench.hear(line(msgid=1001, seq=1, errno=0, id=13, name="z", v=2, token="t"))
    assert cids(bench.sent()) == ["c1"]


def test_one_pushed_covers_all_that_has_come(bench: Bench) -> None:
    """Many messages are acknowledged with the highest number, once."""
    bench.log_in()
    bench.hear(chat(1, "a"), chat(2, "b"), chat(3, "c"))
    bench.protocol.acknowledge()
    bench.protocol.acknowledge()
    assert bench.sent() == [{"msgid": 1014, "push": 3}]


def test_a_duplicate_is_not_shown_and_is_acknowledged(bench: Bench) -> None:
    """What comes again after a lost connection is dropped, and PUSHED for it all the same."""
    bench.log_in()
    bench.hear(chat(1, "a"))
    bench.reconnect()
    assert messages(bench.hear(chat(1, "a"))) == []
    bench.protocol.acknowledge()
    assert messages(bench.hear(chat(2, "b"))) == ["b"]
    bench.protocol.acknowledge()
    assert bench.sent() == [{"msgid": 1014, "push": 1}, {"msgid": 1014, "push": 2}]


def test_a_cid_of_another_sender_is_another_message(bench: Bench) -> None:
    """Cids are the sender's own."""
    bench.log_in()
    assert messages(bench.hear(chat(1, "a", sender=15), chat(2, "a", sender=16))) == ["a", "a"]


def test_another_user_of_this_client_gets_the_group_message_too(bench: Bench) -> None:
    """What one user has seen is forgotten when another one logs in."""
    bench.log_in(user_id=13)
    bench.hear(chat(1, "a"))
    bench.protocol.connection_lost()
    bench.log_in(user_id=14)
    assert messages(bench.hear(chat(1, "a"))) == ["a"]


def test_a_message_after_the_logout_stays_with_the_server(bench: Bench) -> None:
    """It is neither shown nor acknowledged, so that the next login brings it."""
    bench.log_in()
    bench.protocol.log_out()
    bench.sent()
    assert bench.hear(chat(1, "a")) == []
    bench.protocol.acknowledge()
    assert bench.sent() == []


def test_an_ack_settles_its_chat(bench: Bench) -> None:
    """The answer names the message by its seq; the application hears of it by cid."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    assert bench.hear(ack(sent["seq"], "stored")) == [Settled("c1", Ack("m", 1, delivered=False))]
    assert bench.protocol.unsettled == 0


def test_a_refused_chat_fails(bench: Bench) -> None:
    """A lasting refusal is the answer, and nothing is sent again."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    (settled,) = bench.hear(error(sent["seq"], "mailbox_full"))
    assert settled.cid == "c1"
    assert isinstance(settled.outcome, Refused)
    bench.reconnect()
    assert bench.sent() == []


def test_what_has_no_answer_is_sent_again_in_order_before_what_is_new(bench: Bench) -> None:
    """After a reconnection the old messages go first, in their order, with their cids."""
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
    bench.hear(line(msgid=1001, seq=1, errno=0, id=13, name="z", v=2, token="t"))
    assert cids(bench.sent()) == ["c1", "c3", "c4", "c5", "c6"]


@pytest.mark.parametrize("name", ["try_again", "too_many_unanswered", "shutting_down"])
def test_a_passing_refusal_is_tried_again_in_order(bench: Bench, name: str) -> None:
    """After a delay, when nothing is under way any more, what was refused goes before the rest."""
    bench.log_in()
    bench.post(3)
    one, two, three = bench.sent()
    assert bench.hear(error(two["seq"], name), ack(one["seq"])) == [
        Settled("c1", Ack("m", 1, delivered=True))
    ]
    bench.post()
    bench.now += 1
    assert bench.sent() == [], "c3 may still be refused, and must not be overtaken"
    bench.hear(error(three["seq"], name))
    bench.now += 1
    assert cids(bench.sent()) == ["c2", "c3", "c4"]


def test_the_delay_of_a_passing_refusal_grows_and_is_bounded(bench: Bench) -> None:
    """A server that is busy for long is asked less and less, but at least every 5 s."""
    bench.log_in()
    bench.post()
    delays = []
    for _ in range(10):
        (sent,) = bench.sent()
        bench.hear(error(sent["seq"], "try_again"))
        assert bench.protocol.hold_until is not None
        delays.append(bench.protocol.hold_until - bench.now)
        assert bench.sent() == []
        bench.now += delays[-1]
    assert 0.1 <= delays[0] <= 0.2
    assert 2.5 <= delays[-1] <= 5.0
    (sent,) = bench.sent()
    bench.hear(ack(sent["seq"]))
    bench.post()
    (sent,) = bench.sent()
    bench.hear(error(sent["seq"], "try_again"))
    assert bench.protocol.hold_until is not None
    assert bench.protocol.hold_until - bench.now <= 0.2, "what has worked begins anew"


def test_no_more_than_the_window_is_without_an_answer(bench: Bench) -> None:
    """The rest waits in order for answers."""
    bench.log_in()
    bench.post(300)
    sent = bench.sent()
    assert len(sent) == 256
    bench.hear(ack(sent[0]["seq"]), ack(sent[9]["seq"]))
    assert cids(bench.sent()) == ["c257", "c258"]


def test_a_chat_without_an_answer_is_sent_again(bench: Bench) -> None:
    """After 10 s, under a new seq; whichever answer accepts it settles it, once."""
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
    assert bench.hear(ack(first["seq"])) == [Settled("c1", Ack("m", 1, delivered=True))]
    assert not any(isinstance(output, Settled) for output in bench.hear(ack(second["seq"])))


def test_a_server_that_answers_no_chat_is_given_up(bench: Bench) -> None:
    """However lively its connection is otherwise."""
    bench.log_in()
    bench.post()
    bench.sent()
    for _ in range(29):
        bench.now += 1
        bench.hear(line(msgid=1012))
        assert bench.protocol.tick(bench.now) is None
    bench.now += 1
    assert bench.protocol.tick(bench.now) == "the server does not answer"


def test_a_ping_is_answered(bench: Bench) -> None:
    """Also before anybody is logged in."""
    bench.connect()
    bench.hear(line(msgid=1012))
    assert bench.sent() == [{"msgid": 1013}]


def test_silence_is_a_question_and_then_an_end(bench: Bench) -> None:
    """PING after 20 s and again after 40 s; at 60 s the connection is dead."""
    bench.log_in()
    pings = []
    for second in range(1, 60):
        assert bench.protocol.tick(bench.now + second) is None
        if bench.sent():
            pings.append(second)
    assert pings == [20, 40]
    assert bench.protocol.tick(bench.now + 60) == "the server is silent"


def test_any_frame_breaks_the_silence(bench: Bench) -> None:
    """What is heard starts the clock anew."""
    bench.log_in()
    bench.now += 59
    bench.hear(line(msgid=1013))
    assert bench.protocol.tick(bench.now + 59) is None


def test_the_operator_s_notice_is_passed_on(bench: Bench) -> None:
    """As an event of its own."""
    bench.log_in()
    assert bench.hear(line(msgid=1034, text="we restart at noon")) == [Notice("we restart at noon")]


def test_nothing_new_is_sent_to_a_server_that_goes_away(bench: Bench) -> None:
    """Answers still count, and what waits goes to the next server."""
    bench.log_in()
    bench.post()
    (sent,) = bench.sent()
    assert bench.hear(line(msgid=1018, delay=2000)) == [GoingAway(2000)]
    bench.post()
    assert bench.sent() == []
    assert bench.hear(ack(sent["seq"])) == [Settled("c1", Ack("m", 1, delivered=True))]
    bench.protocol.connection_lost()
    bench.connect()
    bench.hear(line(msgid=1001, seq=1, errno=0, id=13, name="z", v=2, token="t"))
    assert cids(bench.sent()) == ["c2"]


def test_a_server_that_never_leaves_is_left(bench: Bench) -> None:
    """GOING_AWAY without an end is one after 10 s."""
    bench.log_in()
    bench.hear(line(msgid=1018, delay=0))
    assert bench.protocol.tick(bench.now + 9) is None
    assert bench.protocol.tick(bench.now + 10) == "the server is going away"


def test_notices_are_events(bench: Bench) -> None:
    """Presence, REPLACED and errors that answer nothing reach the application."""
    bench.log_in()
    outputs = bench.hear(
        line(msgid=1017, id=15, name="li si", state="online"),
        line(msgid=1016),
        line(msgid=1011, errno=43, error="bad_push", errmsg="no"),
    )
    assert outputs[:2] == [Presence(15, "li si", online=True), Replaced()]
    assert isinstance(outputs[2], ServerError)
    assert str(outputs[2].refusal) == "bad_push: no"


def test_frames_of_a_later_version_are_ignored(bench: Bench) -> None:
    """So are fields that this client does not know."""
    bench.log_in()
    outputs = bench.hear(line(msgid=2000, x=1), line(msgid=1012, y=[2]), chat(1, "a"))
    assert messages(outputs) == ["a"]


@pytest.mark.parametrize(
    "nonsense",
    [b"{\n", b"[]\n", b'{"msgid":1005}\n', b"x" * 131_073, b'{"msgid":"1005"}\n', b"\xff\n"],
)
def test_what_came_before_nonsense_is_not_lost(bench: Bench, nonsense: bytes) -> None:
    """The connection is given up, but messages that had come are shown."""
    bench.log_in()
    outputs = bench.hear(chat(1, "a"), nonsense)
    assert messages(outputs) == ["a"]
    assert isinstance(outputs[-1], Broken)


def test_a_server_of_version_1_is_not_for_this_client(bench: Bench) -> None:
    """It would take no acknowledgements."""
    bench.connect()
    outputs = bench.hear(line(msgid=1001, seq=1, errno=0, id=13, name="z"))
    assert outputs == [Broken("the server speaks version 1 only")]


def test_a_refused_login_leaves_the_connection_open(bench: Bench) -> None:
    """Another one may follow."""
    bench.connect()
    bench.hear(line(msgid=1001, seq=1, errno=3, error="bad_credentials", errmsg="no"))
    assert bench.protocol.state is State.OPEN
