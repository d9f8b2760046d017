"""Frames that mean something, and frames that are bent from them.

The server refuses random bytes at once. What gets further looks like a client's frame, with ids,
tokens and numbers that exist; a fuzzer learns these from the answers.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import attrs

from adapters.wire.requests import REQUESTS
from tests.fuzz.heavy import Heavy

Frame = dict[str, Any]
Make = Callable[[], Any]

ENDS = (b"\n", b"\0", b"\r\n", b"\n\0")
PASSWORD = "secret"
COMING_AND_GOING = (1000, 1002, 1003, 1015)
EITHER = ("id", "friendid")  # if the frame has it, no name is looked up
ODD_NUMBERS = (0, -1, 0.5, 1e300, 5e-324, 2**31 - 1, 2**31, 2**53, 2**63, 2**64, 10**4000)
SIGNS = (
    "a", "é漢🙂", "\0\n\r\x1b\u202e", "0123456789", '"\\{}[]', "e\u0301ﷺ", "\u0301\u0316",
    "\u3164\ufe0f\u200d\u00a0", "\u0430\u0456оIl1m",
)  # fmt: skip
SIZES = (0, 1, 5, 20, 50, 64, 65, 129, 201, 1025, 4096, 4097)
NOISE = (
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"[" + b"{}," * 5_000 + b"{}]",
    b'{"msgid":1012' + b',"msgid":1005' * 1_000 + b"}",
    b'{"msgid":1005,"toid":1,"msg":"' + b"\\ud83d" * 4_000 + b'"}',
    b'{"msgid":' + b"9" * 5_000 + b"}",
    b"x" * 70_000,
    b"\n" * 5_000,
    b"\xff\xfe{}",
    b"GET / HTTP/1.1",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


@attrs.define
class Known:
    """What frames can name; the fuzzer adds to it."""

    users: list[int]
    groups: list[int] = attrs.field(factory=lambda: [1])
    tokens: list[str] = attrs.field(factory=lambda: ["none"])
    sessions: list[str] = attrs.field(factory=lambda: ["none"])
    positions: list[int] = attrs.field(factory=lambda: [0])
    epochs: list[str] = attrs.field(factory=lambda: ["none"])


class Grammar:
    """Makes the same frames from the same seed and the same answers."""

    def __init__(self, random: Random, known: Known) -> None:
        self.random = random
        self.known = known
        self._heavy = Heavy(random)
        user, group = self._one_of(known.users), self._one_of(known.groups)
        makers: dict[str, Make] = {
            **dict.fromkeys(("id", "toid", "friendid", "after"), user),
            **dict.fromkeys(("name", "friendname", "groupname"), self.name),
            **dict.fromkeys(("msg", "groupdesc"), self.text),
            **dict.fromkeys(("password", "old"), self.password),
            "groupid": group,
            "cid": self.cid,
            "limit": self.page,
            "new": lambda: PASSWORD,
            "v": self._one_of([1, 2, 2, 3]),
            **dict.fromkeys(("at", "since", "re"), self._one_of(known.positions)),
            "epoch": self._one_of(known.epochs),
            "device": self._one_of(["phone", "laptop", "tablet"]),
            "token": self._one_of(known.tokens),
            "session": self._one_of(known.sessions),
        }
        self.requests: dict[int, dict[str, Make]] = {
            msgid: {
                field: makers.get(field, self.anything)
                for field in request.__struct_fields__
                if field != "seq"
            }
            for msgid, request in REQUESTS.items()
        }
        # Real clients mostly send chats and TAKEN, and rarely log in or out.
        self._msgids = [
            *(
                msgid
                for msgid in self.requests
                for _ in range(1 if msgid in COMING_AND_GOING else 4)
            ),
            *(1005, 1009, 1014) * 8,
        ]

    # -- fields ----------------------------------------------------------------------------

    def _one_of(self, values: list[Any]) -> Make:
        return lambda: self.random.choice(values)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def password(self) -> str:
        return PASSWORD if self.chance(0.95) else self.text()

    def text(self) -> str:
        if self.chance(0.7):
            return "hello"
        size, signs = self.random.choice(SIZES), self.random.choice(SIGNS)
        pattern = "".join(self.random.choice(signs) for _ in range(self.random.randrange(1, 6)))
        return (pattern * size)[:size]

    def name(self) -> str:
        return f"fuzz {self.random.randrange(200)}" if self.chance(0.8) else self.text()

    def cid(self) -> str:
        return f"c{self.random.randrange(50)}"  # often one that was used before

    def page(self) -> int:
        return self.random.choice([1, 2, 100, 200])

    def anything(self, depth: int = 0) -> Any:
        kinds: list[Any] = [None, True, self.random.choice(ODD_NUMBERS), self.text(), "1", -1]
        if depth < 3:
            kinds += [[self.anything(depth + 1)], {self.text(): self.anything(depth + 1)}]
        return self.random.choice(kinds)

    # -- frames ----------------------------------------------------------------------------

    def request(self) -> Frame:
        """A frame that a client could mean."""
        msgid = self.random.choice(self._msgids)
        frame = {"msgid": msgid} | {
            name: make()
            for name, make in self.requests[msgid].items()
            if self.chance(0.5 if name in EITHER else 0.97)
        }
        if self.chance(0.8):
            frame["seq"] = self.random.randrange(1000)
        return frame

    def bent(self) -> Frame:
        """A frame with something wrong or something extra in it."""
        frame = self.request()
        for _ in range(self.random.randrange(1, 4)):
            fields = [*frame, "seq", "v", "id", "name", "msgid", "nonsense"]
            frame[self.random.choice(fields)] = self.anything()
        return frame

    def frame(self) -> bytes:
        if self.chance(0.03):
            return self.random.choice(NOISE)
        if self.chance(0.01):
            return self.heavy()
        frame = self.request() if self.chance(0.7) else self.bent()
        data = json.dumps(frame, ensure_ascii=self.chance(0.5)).encode("utf-8", "surrogatepass")
        return self._damaged(data) if self.chance(0.1) else data

    def heavy(self) -> bytes:
        """A request that has a great deal of one thing in it."""
        msgid = self.random.choice(list(self.requests))
        fields = {name: make() for name, make in self.requests[msgid].items() if name not in EITHER}
        return self._heavy.frame(
            {
                name.encode(): json.dumps(value, ensure_ascii=False).encode()
                for name, value in {"msgid": msgid, "seq": 1, **fields}.items()
            }
        )

    def _damaged(self, data: bytes) -> bytes:
        if self.chance(0.5):
            return data[: self.random.randrange(len(data) + 1)]
        changed = bytearray(data)
        for _ in range(3):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    def login(self) -> Frame:
        """A login, with which most connections begin: without it, nothing gets any further."""
        if self.chance(0.3):
            return {"msgid": 1015, "token": self.random.choice(self.known.tokens), "seq": 1}
        user_id = self.random.choice(self.known.users)
        version = self.random.choice([1, 2, 2])
        return {"msgid": 1000, "id": user_id, "password": PASSWORD, "v": version, "seq": 1}

    def pieces(self, end: bytes) -> list[bytes]:
        """Some frames, cut anywhere."""
        stream = end.join(self.frame() for _ in range(self.random.randrange(1, 30))) + end
        cuts = sorted(self.random.randrange(len(stream)) for _ in range(self.random.randrange(6)))
        return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
