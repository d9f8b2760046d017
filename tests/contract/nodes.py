"""What two nodes are to each other, whatever carries their notes. Needs a fixture `pair`."""

import asyncio
from collections.abc import Callable

import attrs
import pytest

from chat_domain.chat import Chat
from chat_domain.delivery.session import Phase, Session
from chat_domain.errors import AlreadyOnline, BadToken, ChatError
from chat_domain.hints import GroupChanged, Hint, Notice
from chat_domain.model import Friend, Message, User
from chat_domain.notes import Tell
from chat_domain.ports import client

PATIENCE = 10.0  # seconds; far beyond what anything here takes


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds; fail when it does not for long."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, "it never came to hold"
        await asyncio.sleep(0.002)


@attrs.define(eq=False)
class RecordingClient:
    """Remembers what a session does to it; takes over nothing by itself."""

    wants_answers = True
    pushes: list[tuple[int, Message]] = attrs.field(factory=list)
    answers: list[client.Answer] = attrs.field(factory=list)
    friends: list[Friend] = attrs.field(factory=list)
    notices: list[str] = attrs.field(factory=list)
    was_replaced: bool = False
    was_dropped: bool = False
    was_thrown_out: bool = False

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        self.pushes.append((number, message))

    def answered(self, answer: client.Answer) -> None:
        self.answers.append(answer)

    def friend_changed(self, friend: Friend) -> None:
        self.friends.append(friend)

    def tell(self, hint: Hint) -> None:
        self.notices.append(str(hint))

    def replaced(self) -> None:
        self.was_replaced = True

    def dropped(self) -> None:
        self.was_dropped = True

    def thrown_out(self) -> None:
        self.was_thrown_out = True

    @property
    def texts(self) -> list[str]:
        return [message.text for _, message in self.pushes]

    @property
    def errors(self) -> list[ChatError]:
        return [receipt.error for receipt in self.answers if receipt.error]


@attrs.define(eq=False)
class Person:
    """A user with a session on a node."""

    node: Chat
    user: User
    session: Session
    client: RecordingClient

    async def say(self, to: "Person", text: str, cid: str | None = None) -> None:
        waiting = self.node.one_to_one.send(self.session, to.user.id, text, cid, 1)
        if waiting is not None:
            await waiting

    async def say_to_group(self, group_id: int, text: str) -> None:
        waiting = self.node.group_chat.send(self.session, group_id, text, None, 1)
        if waiting is not None:
            await waiting

    def take_over_all(self) -> None:
        self.node.offline.taken_over(self.session, self.session.last_push)

    async def receives(self, *texts: str) -> None:
        """Wait until exactly these have been pushed, in this order."""
        await eventually(lambda: len(self.client.texts) >= len(texts))
        assert self.client.texts == list(texts)

    async def is_answered(self, count: int = 1) -> list[bool]:
        """Wait for answers; return for each whether it said `stored`."""
        await eventually(lambda: len(self.client.answers) >= count)
        assert not self.client.errors
        return [receipt.stored for receipt in self.client.answers]


async def enter(node: Chat, user: User, key: str = "", *, takeover: bool = False) -> Person:
    """Log a user in on a node, live."""
    client = RecordingClient()
    session = await node.logins.log_in(user, client, key, takeover=takeover)
    node.offline.fetch(session)
    await eventually(lambda: session.phase is not Phase.CATCHING_UP or client.pushes)
    return Person(node, user, session, client)


@attrs.frozen
class Pair:
    """Two nodes over one store."""

    first: Chat
    second: Chat

    async def anna(self) -> Person:
        return await enter(self.first, await self.first.registration.register("anna", "x"))

    async def bert(self) -> Person:
        return await enter(self.second, await self.first.registration.register("bert", "x"), "key")


async def test_a_message_reaches_a_user_on_another_node(pair: Pair) -> None:
    """It is pushed there, and acknowledged as delivered once it is taken over there."""
    anna, bert = await pair.anna(), await pair.bert()
    await anna.say(bert, "hello")
    await bert.receives("hello")
    assert not anna.client.answers
    bert.take_over_all()
    assert await anna.is_answered() == [False]


async def test_order_is_kept_between_nodes(pair: Pair) -> None:
    """Many messages to one recipient arrive in the order in which they were sent."""
    anna, bert = await pair.anna(), await pair.bert()
    texts = [f"message {number}" for number in range(50)]
    for text in texts:
        await anna.say(bert, text)
    await bert.receives(*texts)


async def test_a_session_that_is_gone_gets_its_message_by_the_mailbox(pair: Pair) -> None:
    """What is handed to a node where the recipient is no longer is stored by its origin."""
    anna, bert = await pair.anna(), await pair.bert()
    await anna.say(bert, "first")
    await bert.receives("first")
    bert.take_over_all()
    await anna.is_answered()
    await pair.second.logins.end(bert.session)
    await anna.say(bert, "second")
    assert await anna.is_answered(2) == [False, True]
    again = await enter(pair.first, bert.user)
    await again.receives("second")


async def test_what_a_dying_session_had_not_taken_over_is_stored(pair: Pair) -> None:
    """The origin hears `stored`, and the next session on any node gets it, in order."""
    anna, bert = await pair.anna(), await pair.bert()
    for text in ("one", "two", "three"):
        await anna.say(bert, text)
    await bert.receives("one", "two", "three")
    await pair.second.logins.end(bert.session)
    assert await anna.is_answered(3) == [True, True, True]
    await (await enter(pair.first, bert.user)).receives("one", "two", "three")


async def test_a_message_stored_while_somebody_logs_in_is_fetched(pair: Pair) -> None:
    """A store that commits after the recipient's first read of the mailbox is told to its node."""
    anna = await pair.anna()
    user = await pair.first.registration.register("bert", "x")
    bert_away = Person(pair.second, user, anna.session, RecordingClient())
    await anna.say(bert_away, "while away")
    bert = await enter(pair.second, user)
    await bert.receives("while away")
    await anna.say(bert, "right after")
    await bert.receives("while away", "right after")


async def test_a_group_message_reaches_members_on_every_node(pair: Pair) -> None:
    """Joining on one node counts on the other before it is acknowledged."""
    anna, bert = await pair.anna(), await pair.bert()
    group = await pair.first.groups.create(anna.user.id, "hikers", "")
    await anna.say_to_group(group.id, "nobody here yet")
    await pair.second.groups.join(bert.user.id, group.id)
    await anna.say_to_group(group.id, "welcome")
    await bert.receives("welcome")
    bert.take_over_all()
    assert await anna.is_answered(2) == [False, False]
    await pair.second.groups.leave(bert.user.id, group.id)
    await anna.say_to_group(group.id, "he has left")
    await anna.is_answered(3)
    assert bert.client.texts == ["welcome"]


async def test_a_node_that_has_caught_up_has_heard_what_was_sent_before(pair: Pair) -> None:
    """Whoever waits for that comes behind all notes that were on their way."""
    bert = await pair.bert()
    ours, theirs = pair.first.logins.delivery, pair.second.logins.delivery
    ours.broker.send(theirs.node, Tell(Notice("first"), None))
    await asyncio.sleep(0)  # notes leave with the end of a turn
    await ours.broker.catch_up()
    await theirs.broker.catch_up()
    assert bert.client.notices == ["first"]


async def test_one_user_has_one_session_in_the_whole_cluster(pair: Pair) -> None:
    """A second login on another node is refused, and the first session is not touched by it."""
    bert = await pair.bert()
    with pytest.raises(AlreadyOnline):
        await enter(pair.first, bert.user)
    assert not bert.client.was_replaced


async def test_of_many_logins_at_once_exactly_one_wins(pair: Pair) -> None:
    """Whichever nodes they come to."""
    user = await pair.first.registration.register("bert", "x")
    nodes = [pair.first, pair.second] * 10
    tries = await asyncio.gather(
        *(node.logins.log_in(user, RecordingClient(), "") for node in nodes),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Session) for one in tries) == 1
    assert sum(isinstance(one, AlreadyOnline) for one in tries) == len(nodes) - 1


async def test_a_resumed_session_moves_to_the_new_node_with_its_messages(pair: Pair) -> None:
    """The old session is told; what it had not taken over comes first on the new node."""
    anna, bert = await pair.anna(), await pair.bert()
    await anna.say(bert, "before")
    await bert.receives("before")
    moved = await enter(pair.first, bert.user, "key")
    await anna.say(moved, "after")
    await moved.receives("before", "after")
    await eventually(lambda: bert.client.was_replaced)
    moved.take_over_all()
    await eventually(lambda: moved.session.phase is Phase.LIVE)
    await anna.is_answered(2)


async def test_a_session_is_taken_over_from_another_node(pair: Pair) -> None:
    """It ends there, with its tokens, and what it had not taken over comes first here."""
    anna, user = await pair.anna(), await pair.first.registration.register("carl", "x")
    stolen, own = [await pair.second.tokens.issue(user) for _ in range(2)]
    thief = await enter(pair.second, user, stolen.session)
    await anna.say(thief, "before")
    with pytest.raises(AlreadyOnline):
        await enter(pair.first, user, own.session)
    owner = await enter(pair.first, user, own.session, takeover=True)
    await owner.receives("before")
    await eventually(lambda: thief.client.was_replaced)
    assert pair.second.sessions.get(user.id) is None
    assert [one.name for one in await pair.first.tokens.resumable(user, "")] == [own.session]
    with pytest.raises(BadToken):
        await pair.second.resuming.prove(stolen.text)


async def test_a_token_that_comes_again_ends_the_session_on_another_node(pair: Pair) -> None:
    """Whoever it is that goes on there."""
    user = await pair.first.registration.register("carl", "x")
    token = await pair.second.tokens.issue(user)
    person = await enter(pair.second, user, token.session)
    with pytest.raises(BadToken):
        await pair.first.resuming.prove(f"{token.text}, but another")
    await eventually(lambda: person.client.was_thrown_out)
    await eventually(lambda: pair.second.sessions.get(user.id) is None)


async def test_a_claim_is_given_up_by_its_own_session_alone(pair: Pair) -> None:
    """The end of a session that was replaced may come late."""
    bert = await pair.bert()
    await enter(pair.first, bert.user, "key")
    await pair.second.node.presence.release(bert.session.claim)
    assert await pair.first.node.presence.online([bert.user.id]) == {bert.user.id}


async def test_friends_on_other_nodes_are_told_who_comes_and_goes(pair: Pair) -> None:
    """Those who list somebody hear of it, wherever they are."""
    anna = await pair.anna()
    user = await pair.first.registration.register("bert", "x")
    await pair.first.friends.add(anna.user.id, user.id)
    bert = await enter(pair.second, user)
    await eventually(lambda: anna.client.friends[-1:] == [Friend(user.id, "bert", online=True)])
    pair.second.node.announcer.hurry()  # or the second news would wait for some seconds
    await pair.second.logins.end(bert.session)
    await eventually(lambda: anna.client.friends[-1:] == [Friend(user.id, "bert", online=False)])


async def test_members_on_other_nodes_are_told_of_a_group_s_new_name(pair: Pair) -> None:
    """By whom, too."""
    anna, bert = await pair.anna(), await pair.bert()
    group = await pair.first.groups.create(anna.user.id, "chess", "")
    await pair.second.groups.join(bert.user.id, group.id)
    await pair.first.groups.rename(anna.user, group.id, "go")
    await eventually(lambda: bert.client.notices)
    assert bert.client.notices == [str(GroupChanged(group.id, "go", anna.user))]
    assert anna.client.notices == []


async def test_presence_is_seen_from_every_node(pair: Pair) -> None:
    """A list of friends shows who is online on other nodes as well."""
    anna, bert = await pair.anna(), await pair.bert()
    friend = await pair.first.friends.add(anna.user.id, bert.user.id)
    assert friend.online
    await pair.second.logins.end(bert.session)
    page = await pair.first.friends.page(anna.user.id, 0, 10)
    assert [friend.online for friend in page.items] == [False]


async def test_a_resent_message_joins_its_first_copy(pair: Pair) -> None:
    """The same cid, sent again, is pushed once and answered twice."""
    anna, bert = await pair.anna(), await pair.bert()
    await asyncio.gather(anna.say(bert, "hello", "c1"), anna.say(bert, "hello", "c1"))
    await bert.receives("hello")
    bert.take_over_all()
    assert await anna.is_answered(2) == [False, False]
    assert bert.client.texts == ["hello"]
