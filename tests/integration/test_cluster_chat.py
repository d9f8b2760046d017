"""A cluster is one chat: clients do not notice which node they are on."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from adapters.client.errors import Refused
from adapters.client.events import Changed, Got, Message
from chat_domain.entries import ChangeKind
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, beside, connected, newcomer
from tests.integration.cluster import Cluster, NewCluster
from tests.integration.raw_client import ACK, RawClient
from tests.integration.traffic import log_in


@pytest.fixture(scope="module")
def shared_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One cluster of two nodes for all tests of this module, which leave it intact."""
    services = request.getfixturevalue("cluster_services")
    factory = request.getfixturevalue("tmp_path_factory")
    with Cluster(services, factory.mktemp("cluster"), nodes=2) as cluster:
        yield cluster


@pytest.fixture
def ports(shared_cluster: Cluster) -> list[int]:
    return shared_cluster.ports


async def test_two_users_on_two_nodes_talk(ports: list[int]) -> None:
    """Messages go both ways, and each sender is told that theirs has been taken over."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        hello = await anna.client.send(bert.id, "hello")
        answer = await bert.client.send(anna.id, "hello yourself")
        assert answer.at > hello.at
        await bert.hears("hello")
        await anna.hears("hello yourself")
        await eventually(lambda: anna.of(Got) and bert.of(Got))
        assert anna.of(Got)[-1] == Got(bert.id, hello.at)
        assert bert.of(Got)[-1] == Got(anna.id, answer.at)


async def test_many_messages_between_nodes_keep_their_order(ports: list[int]) -> None:
    """There are five hundred, many of them under way at once."""
    texts = [f"message {number}" for number in range(500)]
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        answers = [anna.client.post(bert.id, text) for text in texts]
        await asyncio.gather(*answers)
        await bert.hears(*texts)
        assert len(bert.texts) == len(texts)


async def test_a_group_spans_the_nodes(ports: list[int]) -> None:
    """Those who have joined, on either node, hear it; those who have left do not."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert, newcomer(ports[0]) as carl:
        group = await anna.client.create_group(f"group of {anna.name}")
        await bert.client.join_group(group.id)
        await carl.client.join_group(group.id)
        await bert.client.send_group(group.id, "all here?")
        await anna.hears("all here?")
        await carl.hears("all here?")
        await carl.client.leave_group(group.id)
        await anna.client.send_group(group.id, "carl has left")
        await bert.hears("carl has left")
        assert carl.texts == ["all here?"]


async def test_a_group_s_new_name_is_told_on_every_node(ports: list[int]) -> None:
    """All members are told, except the session that gave the name."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert, newcomer(ports[0]) as carl:
        group = await anna.client.create_group(f"group of {anna.name}")
        for member in (bert, carl):
            await member.client.join_group(group.id)
        with pytest.raises(Refused, match="not_allowed"):
            await bert.client.rename_group(group.id, "mine")
        name = f"{group.name}, renamed"
        await anna.client.rename_group(group.id, name)
        await eventually(lambda: renamings(bert) and renamings(carl))
        assert renamings(bert) == renamings(carl) == [(group.id, name, anna.id)]
        assert [own.group.name async for own in bert.client.groups()] == [name]
        assert renamings(anna) == []


def renamings(who: Chatter) -> list[tuple[int, str, int]]:
    """The renamings that a client was told: which group got which name from whom."""
    return [
        (change.group_id, change.new_name, change.sender_id)
        for change in who.of(Changed)
        if change.what == ChangeKind.RENAMED
    ]


async def test_what_was_missed_is_read_on_another_node(ports: list[int]) -> None:
    """What was said to an offline user arrives in order wherever they log in."""
    async with newcomer(ports[0]) as anna:
        async with newcomer(ports[1]) as bert:
            await bert.client.logout()
        for text in ("one", "two", "three"):
            await anna.client.send(bert.id, text)
        async with back(ports[0], bert) as returned:
            await returned.hears("one", "two", "three")


async def test_two_devices_on_two_nodes_see_the_same(ports: list[int]) -> None:
    """Both see everything in the same order: what others say to their user and group, and what
    either device says itself. Each knows its own texts by the answer, with the same position."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert, back(ports[1], anna) as twin:
        group = await anna.client.create_group(f"group of {anna.name}")
        await bert.client.join_group(group.id)
        written: dict[Chatter, dict[int, str]] = {anna: {}, twin: {}, bert: {}}

        async def write(who: Chatter, name: str) -> None:
            for number in range(50):
                text = f"{name} {number}"
                if number % 2:
                    ack = await who.client.send_group(group.id, text)
                else:
                    ack = await who.client.send((bert if who is not bert else anna).id, text)
                written[who][ack.at] = text

        await asyncio.gather(write(anna, "one"), write(twin, "other"), write(bert, "bert"))
        everything = written[anna] | written[twin] | written[bert]
        for device in (anna, twin):
            await eventually(partial(is_complete, device, everything, written[device]))
            assert list(stream(device)) == sorted(stream(device))
        others = [message.text for message in anna.of(Message) if message.own]
        assert others == list(written[twin].values())


def is_complete(who: Chatter, everything: dict[int, str], own: dict[int, str]) -> bool:
    """Whether what a device was shown and what it wrote itself make up everything."""
    return stream(who) | own == everything and not stream(who).keys() & own.keys()


def stream(who: Chatter) -> dict[int, str]:
    """Everything that a device was shown, by position."""
    return {message.at: message.text for message in who.of(Message)}


async def test_what_is_read_typed_and_chosen_is_told_on_every_node(ports: list[int]) -> None:
    """Those whom it concerns are told, including the user's own device on another node. What is
    hidden on one node is hidden on the other."""
    await beside(_read_type_and_choose, ports)


def _read_type_and_choose(ports: list[int]) -> None:
    marks, read, typing, settings, settings_ack = 1038, 1043, 1044, 1045, 1046
    with RawClient(ports[0]) as ann, RawClient(ports[1]) as bob, RawClient(ports[1]) as phone:
        for who, name in ((ann, "Ann who reads"), (bob, "Bob who writes")):
            who.register(name)
            who.login()
        phone.id = ann.id
        phone.login()
        at = bob.ask({"msgid": 1005, "toid": ann.id, "msg": "hello"})["at"]
        assert ann.next_chat()["at"] == phone.next_chat()["at"] == at

        ann.send({"msgid": typing, "toid": bob.id})
        told = {"msgid": typing, "id": ann.id, "name": ann.name, "toid": ann.id}
        assert bob.find_msgid(typing) == told
        assert ann.ask({"msgid": read, "toid": bob.id, "at": at})["msgid"] == ACK
        mark = {"id": ann.id, "read": at, "toid": ann.id}
        assert bob.find(lambda one: one.get("marks") == [mark])
        assert phone.find_msgid(marks)["marks"] == [mark | {"toid": bob.id}]

        ann.ask({"msgid": settings, "hide_read": True, "hide_typing": True})
        hidden = {"msgid": settings_ack, "hide_read": True, "hide_typing": True}
        assert phone.find_msgid(settings_ack) == hidden
        later = bob.ask({"msgid": 1005, "toid": ann.id, "msg": "and?"})["at"]
        assert phone.next_chat()["at"] == later
        phone.ask({"msgid": read, "toid": bob.id, "at": later})
        phone.send({"msgid": typing, "toid": bob.id})
        assert ann.find_msgid(marks)["marks"] == [mark | {"toid": bob.id, "read": later}]
        phone.ask({"msgid": 1005, "toid": bob.id, "msg": "nothing"})
        assert not bob.has_heard(lambda one: one["msgid"] == typing)
        assert not bob.has_heard(lambda one: "read" in one.get("marks", [{}])[0])
        assert bob.next_chat()["msg"] == "nothing"


async def test_friends_on_other_nodes_see_who_comes_and_goes(ports: list[int]) -> None:
    """They see it by events and in the list."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:
        assert (await anna.client.add_friend(bert.id)).online
        await bert.client.logout()
        await eventually(lambda: anna.sees_online(bert) is False)
        assert [friend.online async for friend in anna.client.friends()] == [False]
        await bert.client.login(bert.id, bert.password)
        await eventually(lambda: anna.sees_online(bert) is True)


async def test_a_session_resumes_on_another_node(ports: list[int]) -> None:
    """It does so with its token, and goes on where it was."""
    async with newcomer(ports[1]) as bert, connected(ports[1]) as moved:
        async with newcomer(ports[0]) as anna:
            await bert.tells(anna, "are you there?")
            token, position = anna.client.token, anna.client.position
        assert token
        await bert.client.send(anna.id, "where are you?")
        moved.id = anna.id
        await moved.client.resume(token, position=position)
        await moved.hears("where are you?")
        assert moved.texts == ["where are you?"]


async def test_a_second_login_of_version_1_elsewhere_is_refused(ports: list[int]) -> None:
    """A user has one session of that kind in the whole cluster, besides any of version 2."""
    async with newcomer(ports[0]) as anna, newcomer(ports[1]) as bert:

        def try_it() -> None:
            with RawClient(ports[0]) as first, RawClient(ports[1]) as second:
                assert log_in(first, anna)["errno"] == 0
                assert log_in(second, anna)["errno"] == 2
                assert first.is_alive()

        await beside(try_it)
        await bert.tells(anna, "still there?")


def log_in_at_once(first: RawClient, second: RawClient, who: Chatter) -> int:
    """Log a user in on two connections at the same instant; return how many succeed."""
    both = first, second
    for client in both:
        client.send({"msgid": 1000, "id": who.id, "password": who.password, "seq": 9})
    answers = [client.find(lambda frame: frame.get("seq") == 9) for client in both]
    for client, answer in zip(both, answers, strict=True):
        if answer["errno"] == 0:
            assert client.ask({"msgid": 1002})["msgid"] == ACK
        else:
            assert answer["errno"] == 2
    return sum(answer["errno"] == 0 for answer in answers)


async def test_of_two_logins_at_the_same_instant_one_wins(ports: list[int]) -> None:
    """This holds for version 1, two hundred times, on two nodes."""
    async with newcomer(ports[0]) as anna:

        def try_it() -> list[int]:
            with RawClient(ports[0]) as first, RawClient(ports[1]) as second:
                return [log_in_at_once(first, second, anna) for _ in range(200)]

        assert await beside(try_it) == [1] * 200


async def test_ctrl_c_on_one_node_logs_out_its_users_and_nobody_elses(
    new_cluster: NewCluster,
) -> None:
    """The others stay online and are told who has gone. The node exits with status 0."""
    with new_cluster(nodes=2) as cluster:
        async with newcomer(cluster.ports[0]) as anna:
            async with newcomer(cluster.ports[1]) as bert:
                await anna.client.add_friend(bert.id)
                assert await beside(cluster.nodes[1].interrupt) == 0
                await eventually(lambda: anna.sees_online(bert) is False)
            async with back(cluster.ports[0], bert) as returned:
                await anna.tells(returned, "welcome back")
                await returned.tells(anna, "it is good to be back")
