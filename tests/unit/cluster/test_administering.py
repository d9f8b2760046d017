"""What an operator does on one node to users of another."""

import pytest

from chat_domain.errors import (
    BadCredentials,
    BadName,
    BadToken,
    NoSuchGroup,
    NoSuchMember,
    NoSuchUser,
)
from chat_domain.model import Group, Member, Role, SizedGroup, User
from chat_domain.operators.administration import SKIPPED
from chat_domain.people.tokens import Token
from tests.contract.pairs import Pair, Person, enter, pair_in_memory, seen
from tests.eventually import eventually
from tests.unit.world import Said


@pytest.fixture
async def pair() -> Pair:
    return await pair_in_memory()


async def register(pair: Pair, name: str) -> User:
    return await pair.first.registration.register(name, "x")


async def token_of(pair: Pair, user: User) -> Token:
    token = await pair.first.devices.new_token(user)
    await pair.first.devices.store_token(user, token)
    return token


async def test_a_user_is_logged_out_from_another_node(pair: Pair) -> None:
    """All their sessions end, wherever they are."""
    ann = await register(pair, "Ann")
    people = [await enter(node, ann) for node in (pair.first, pair.second)]
    await eventually(lambda: len(pair.first.sessions) == 1)
    assert await pair.first.administration.log_out("ann") == (ann, True)
    for person in people:
        await person.is_revoked()
        await person.node.logins.end(person.session)
    await eventually(lambda: not pair.second.sessions.of(ann.id))


async def test_a_disabled_account_cannot_log_in_until_it_is_enabled(pair: Pair) -> None:
    """Its password is valid again afterwards, and nothing is lost."""
    ann = await register(pair, "Ann")
    person = await enter(pair.second, ann)
    await pair.first.administration.disable(str(ann.id))
    await person.is_revoked()
    with pytest.raises(BadCredentials):
        await pair.second.accounts.prove(ann.id, "x")
    await pair.second.administration.enable("Ann")
    assert (await pair.first.accounts.prove(ann.id, "x")).user == ann


async def test_what_is_stored_for_a_disabled_account_is_no_password(pair: Pair) -> None:
    """It is none even for somebody who has read the table."""
    ann = await register(pair, "Ann")
    await pair.first.administration.disable("Ann")
    account = await pair.first.administration.account("Ann")
    assert account.disabled
    with pytest.raises(BadCredentials):
        await pair.second.accounts.prove(ann.id, account.secret)


async def test_a_new_password_ends_the_sessions_and_the_old_password(pair: Pair) -> None:
    """It leaves a disabled account disabled."""
    ann = await register(pair, "Ann")
    person = await enter(pair.second, ann)
    await pair.first.administration.set_password("Ann", "new")
    await person.is_revoked()
    with pytest.raises(BadCredentials):
        await pair.second.accounts.prove(ann.id, "x")
    assert (await pair.second.accounts.prove(ann.id, "new")).user == ann
    await pair.first.administration.disable("Ann")
    await pair.first.administration.set_password("Ann", "newer")
    with pytest.raises(BadCredentials):
        await pair.second.accounts.prove(ann.id, "newer")


async def test_a_deleted_account_leaves_its_groups_in_good_order(pair: Pair) -> None:
    """A group that it made is handed over, and its sessions end."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    _, group = await pair.first.groups.create(ann, "Chess", "")
    await pair.second.groups.join(bob, group.id)
    person = await enter(pair.second, ann)
    await pair.first.administration.delete("Ann")
    await person.is_revoked()
    (left,) = (await pair.second.groups.members(bob.id, group.id, 0, 9)).items
    assert (left.id, left.role.value) == (bob.id, "creator")
    with pytest.raises(NoSuchUser):
        await pair.second.administration.account(str(ann.id))


async def talking_group(pair: Pair) -> tuple[Person, Person, Group]:
    """Ann's group on the first node, in which Bob on the second has said hello."""
    ann = await enter(pair.first, await register(pair, "Ann"))
    bob = await enter(pair.second, await register(pair, "Bob"))
    _, group = await pair.first.groups.create(ann.user, "Chess", "")
    await pair.first.groups.join(bob.user, group.id)
    await eventually(lambda: group.id in bob.session.groups)
    assert await bob.says_to_group(group.id, "hello") == "accepted"
    await ann.receives("hello")
    return ann, bob, group


async def test_who_is_removed_from_a_group_is_no_member_on_any_node(pair: Pair) -> None:
    """From then on they say nothing there and hear nothing; and they can join again."""
    ann, bob, group = await talking_group(pair)
    removed = await pair.first.group_administration.remove("CHESS", "bob")
    assert removed == (group, bob.user)
    assert await bob.says_to_group(group.id, "am I still here?") == "NotMember"
    assert await ann.says_to_group(group.id, "he is gone") == "accepted"
    await eventually(lambda: pair.second.follower.applied == pair.first.follower.applied)
    assert bob.client.texts == []
    assert bob.client.changes[-1] == "removed"
    with pytest.raises(NoSuchMember):
        await pair.second.group_administration.remove(str(group.id), "Bob")
    await pair.second.groups.join(bob.user, group.id)
    assert await bob.says_to_group(group.id, "back") == "accepted"
    await ann.receives("hello", "back")


async def test_a_group_that_was_ended_is_gone_on_every_node(pair: Pair) -> None:
    """Its members can no longer write to it."""
    ann, bob, group = await talking_group(pair)
    assert await pair.first.group_administration.end("chess") == group
    for person in (ann, bob):
        assert await person.says_to_group(group.id, "is anybody here?") == "NoSuchGroup"
    with pytest.raises(NoSuchGroup):
        await pair.second.group_administration.end("chess")


async def test_a_renamed_group_is_found_by_its_new_name(pair: Pair) -> None:
    """Its members find it, too. A bad name is refused."""
    ann, _, group = await talking_group(pair)
    before, renamed = await pair.second.group_administration.rename("Chess", "Go ")
    assert (before, renamed) == (group, Group(group.id, "Go", ""))
    (own,) = (await pair.first.groups.page(ann.user.id, 0, 9)).items
    assert own.group == await pair.first.group_administration.group("gO") == renamed
    with pytest.raises(BadName):
        await pair.first.group_administration.rename("Go", "12")


async def test_the_operator_sees_groups_and_their_members(pair: Pair) -> None:
    """The operator sees how many there are, who they are, and which are online on any node."""
    ann, bob, group = await talking_group(pair)
    await pair.second.groups.create(bob.user, "Go", "")
    await pair.second.logins.end(bob.session)
    await seen(pair.second, bob.user, online=False)
    page = await pair.first.group_administration.page(0, 1)
    assert (page.items, page.next) == ((SizedGroup(group, 2),), group.id)
    page = await pair.first.group_administration.page(0, 9, "G")
    assert [one.group.name for one in page.items] == ["Go"]
    found, members = await pair.second.group_administration.members("chess", 0, 9)
    assert found == group
    assert members.items == (
        Member(ann.user.id, "Ann", Role.CREATOR, online=True),
        Member(bob.user.id, "Bob", Role.NORMAL, online=False),
    )


async def test_what_a_deleted_account_has_said_is_emptied_if_it_is_to_be(pair: Pair) -> None:
    """Otherwise it stays, since its sender was told that it is in the log."""
    ann, bob = [await enter(pair.first, await register(pair, name)) for name in ("Ann", "Bob")]
    cid = await enter(pair.second, await register(pair, "Cid"))
    for sender in (ann, bob):
        unfinished = pair.first.one_to_one.send(sender.session, cid.user.id, Said("hello"))
        assert unfinished is not None
        await unfinished
    await cid.receives("hello", "hello")
    await pair.first.administration.delete("Ann", with_sent=True)
    await pair.first.administration.delete("Bob")
    log = pair.first.overview.store.log
    said = [one for one in (await log.read(cid.user.id, 0, 9)).entries if one.change is None]
    assert [(one.sender_id, one.text) for one in said] == [
        (ann.user.id, ""),
        (bob.user.id, "hello"),
    ]


async def test_who_is_erased_writes_nothing_on_a_node_that_has_not_heard_of_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they write there meanwhile is refused; after the erasure it would stay."""
    ann = await enter(pair.second, await register(pair, "Ann"))
    bob = await enter(pair.second, await register(pair, "Bob"))
    unfinished = pair.second.one_to_one.send(ann.session, bob.user.id, Said("before"))
    assert unfinished is not None
    await unfinished
    await bob.receives("before")
    monkeypatch.setattr(pair.second.follower, "on_note", lambda _: None)
    await pair.first.administration.delete("Ann", with_sent=True)
    assert not ann.session.ended
    assert pair.second.one_to_one.send(ann.session, bob.user.id, Said("behind")) is None
    await eventually(lambda: ann.client.statuses == ["accepted", "NotLoggedIn"])
    assert bob.client.texts == [""]


async def test_a_restored_store_gives_nothing_again_and_takes_no_old_token(pair: Pair) -> None:
    """It assigns no id and no position that may have been assigned since the backup."""
    ann = await register(pair, "Ann")
    token = await token_of(pair, ann)
    _, group = await pair.first.groups.create(ann, "Chess", "")
    epoch = pair.first.follower.epoch
    assert await pair.first.administration.after_restore() == 1
    await pair.first.follower.poll_head()
    assert pair.first.follower.epoch != epoch
    bob = await register(pair, "Bob")
    assert bob.id > ann.id + SKIPPED
    assert (await pair.first.groups.create(bob, "Go", ""))[1].id > group.id + SKIPPED
    with pytest.raises(BadToken):
        await pair.first.accounts.prove_by_token(token.text)


async def test_the_operator_sees_who_is_where(pair: Pair) -> None:
    """Each node has its own users, and users are found by a part of their names."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Hanna")
    await enter(pair.second, ann)
    name = pair.second.overview.name
    nodes = await pair.first.overview.nodes()
    assert list(nodes.items()) == [("first", []), (name, [ann.id])]
    page = await pair.first.administration.people(0, 9, "ANN")
    assert [(one.user, one.nodes) for one in page.items] == [(ann, (name,)), (bob, ())]
    assert page.next is None


async def test_the_operator_sees_who_is_disabled(pair: Pair) -> None:
    """A list of many shows it, and so does a look-up of one."""
    await register(pair, "Ann")
    await register(pair, "Bob")
    await pair.first.administration.disable("Ann")
    page = await pair.second.administration.people(0, 9)
    assert {one.user.name: one.disabled for one in page.items} == {"Ann": True, "Bob": False}
    assert (await pair.second.administration.person("ann")).disabled


async def test_a_notice_reaches_everybody(pair: Pair) -> None:
    """It reaches users on this node and on others."""
    here = await enter(pair.first, await register(pair, "Ann"))
    there = await enter(pair.second, await register(pair, "Bob"))
    pair.first.notices.tell("we restart at noon")
    await eventually(lambda: there.client.notices)
    assert here.client.notices == there.client.notices == ["we restart at noon"]
