"""The `Presenter` of the plain screen, which does not show conversations one by one."""

from adapters.client import Ack, Changed, Message
from adapters.client.events import Event
from adapters.terminal.ports import Outgoing, Partner
from chat_domain.model import Group, User


class PlainPresenter:
    def on_login(self, user: User) -> None:
        pass

    def on_logout(self) -> None:
        pass

    def on_message(self, message: Message) -> None:
        pass

    def on_change(self, change: Changed, sentence: str) -> None:
        pass

    def on_event(self, event: Event) -> bool:  # noqa: ARG002
        return False

    def on_send(self, to: Partner, text: str) -> Outgoing:  # noqa: ARG002
        return _Unseen()

    def on_group_changed(self, group: Group) -> None:
        pass

    def on_mute(self, to: Partner, *, muted: bool) -> None:
        pass

    def switch_to(self, to: Partner | None) -> bool:  # noqa: ARG002
        return False

    def partner(self, partner: Partner | None) -> Partner | None:
        return partner

    def search(self, words: str) -> None:
        pass

    def set_bell(self, on: bool) -> None:
        pass


class _Unseen:
    def logged(self, ack: Ack) -> None:
        pass

    def refused(self, why: str) -> None:
        pass
