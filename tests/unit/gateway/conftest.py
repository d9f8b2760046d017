from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict

from adapters.gateway.client_context import ClientContext
from adapters.wire.declaring import ALWAYS, AnyRequest
from adapters.wire.frames import encode
from adapters.wire.requests import GroupChat, OneChat
from chat_domain.errors import ChatError
from chat_domain.log.session import Session
from entrypoints.logs import labelled
from tests.unit.declared import answered_fields, name_of
from tests.unit.gateway.server import Server
from tests.unit.gateway.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualTimeLoop]]:
    """Waiting takes no real time in these tests, and no time passes while something happens."""
    return {"virtual time": VirtualTimeLoop}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(autouse=True)
def _as_declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In every test, a request is refused only with an error declared for it, and answered only
    with fields that docs/protocol.md lists."""
    undeclared: list[str] = []

    def judge(request: type[AnyRequest], error: ChatError) -> None:
        if not isinstance(error, (*request.refusals, *ALWAYS)):
            undeclared.append(f"{request.__name__} is not declared to be refused with {error!r}.")

    refuse, answer, refuse_text = ClientContext.refuse, ClientContext.answer, Session.refused

    def judged_answer(context: ClientContext, request: AnyRequest, what: Any) -> None:
        fields = msgspec.json.decode(encode(what)).keys() - {"msgid", "seq"}
        undeclared.extend(
            f"docs/protocol.md does not say that {name_of(type(request))} is answered by `{field}`."
            for field in fields - answered_fields(type(request))
        )
        answer(context, request, what)

    def judged_refuse(context: ClientContext, request: AnyRequest, error: ChatError) -> None:
        judge(type(request), error)
        refuse(context, request, error)

    def judged_text(session: Session, error: ChatError, tag: int | None) -> None:
        if not isinstance(error, (*OneChat.refusals, *GroupChat.refusals, *ALWAYS)):
            undeclared.append(f"No chat is declared to be refused with {error!r}.")
        refuse_text(session, error, tag)

    monkeypatch.setattr(ClientContext, "refuse", judged_refuse)
    monkeypatch.setattr(ClientContext, "answer", judged_answer)
    monkeypatch.setattr(Session, "refused", judged_text)
    yield
    assert not undeclared, "\n".join(undeclared)


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """The lines logged at level info and above, as they are about to be rendered."""
    capture = LogCapture()
    structlog.configure(
        processors=[labelled, capture],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    yield capture.entries
    structlog.reset_defaults()
