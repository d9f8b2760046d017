"""What an operator does from one node to users of another. Needs a fixture `pair`."""

import pytest

from chat_domain.errors import (
    BadCredentials,
    BadName,
    BadToken,
    NoSuchGroup,
    NoSuchMember,
    NoSuchUser,
    NotMember,
)
from chat_domain.model import Entry, Group, Member, Role, SizedGroup, User
from chat_domain.operators.administration import SKIPPED
from tests.contract.making import message
from tests.contract.nodes import Pair, Person, enter, eventually


async def register(pair: Pair, name: str) -> User:
    return await pair.first.registration.register(name, "x")


async def test_a_user_is_logged_out_from_another_node(pair: Pair) -> None:
    """The session ends there, its claim is free, and its token resumes nothing."""
    ann = await register(pair, "Ann")
    person = await enter(pair.second, ann)
    assert await pair.first.administration.log_out("ann") == (ann, True)
    assert person.client.was_thrown_out
    assert pair.second.sessions.get(ann.id) is None
    assert await pair.first.administration.log_out("ann") == (ann, False)


async def test_a_disabled_account_cannot_log_in_until_it_is_enabled(pair: Pair) -> None:
    """Its password counts again afterwards, and nothing is lost."""
    ann = await register(pair, "Ann")
    await enter(pair.second, ann)
    await pair.first.administration.disable(str(ann.id))
    assert pair.second.sessions.get(ann.id) is None
    with pytest.raises(BadCredentials):
        await pair.second.accounts.by_id(ann.id, "x")
    await pair.second.administration.enable("Ann")
    assert (await pair.first.accounts.by_id(ann.id, "x")).user == ann


async def test_what_is_stored_for_a_disabled_account_is_no_password(pair: Pair) -> None:
    """Not even for who has read the table."""
    ann = await register(pair, "Ann")
    await pair.first.administration.disable("Ann")
    account = await pair.first.administration.account("Ann")
    assert account.disabled
    with pytest.raises(BadCredentials):
        await pair.first.accounts.by_id(ann.id, account.secret)


async def test_a_new_password_ends_the_session_and_the_old_password(pair: Pair) -> None:
    """And leaves a disabled account disabled."""
    ann = await register(pair, "Ann")
    await enter(pair.second, ann)
    await pair.first.administration.set_password("Ann", "new")
    assert pair.second.sessions.get(ann.id) is None
    with pytest.raises(BadCredentials):
        await pair.second.accounts.by_id(ann.id, "x")
    assert (await pair.second.accounts.by_id(ann.id, "new")).user == ann
    await pair.first.administration.disable("Ann")
    await pair.first.administration.set_password("Ann", "newer")
    with pytest.raises(BadCredentials):
        await pair.second.accounts.by_id(ann.id, "newer")


async def test_a_deleted_account_leaves_its_groups_in_good_order(pair: Pair) -> None:
    """A group that it made is handed over, and every node knows the members that are left."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    group = await pair.first.groups.create(ann.id, "Chess", "")
    await pair.second.groups.join(bob.id, group.id)
    await enter(pair.second, ann)
    await pair.first.administration.delete("Ann")
    assert pair.second.sessions.get(ann.id) is None
    (left,) = (await pair.second.groups.members(bob.id, group.id, 0, 9)).items
    assert (left.id, left.role.value) == (bob.id, "creator")
    with pytest.raises(NoSuchUser):
        await pair.second.administration.account(str(ann.id))


async def talking_group(pair: Pair) -> tuple[Person, Person, Group]:
    """Ann's group on the first node, whose members the second has just looked up for Bob."""
    ann = await enter(pair.first, await register(pair, "Ann"))
    bob = await enter(pair.second, await register(pair, "Bob"))
    group = await pair.first.groups.create(ann.user.id, "Chess", "")
    await pair.first.groups.join(bob.user.id, group.id)
    await bob.say_to_group(group.id, "hello")
    await ann.receives("hello")
    return ann, bob, group


async def test_who_is_removed_from_a_group_is_no_member_on_any_node(pair: Pair) -> None:
    """From then on they say nothing there and hear nothing; and they can join again."""
    ann, bob, group = await talking_group(pair)
    removed = await pair.first.group_administration.remove("CHESS", "bob")
    assert removed == (group, bob.user)
    with pytest.raises(NotMember):
        await bob.say_to_group(group.id, "am I still here?")
    await ann.say_to_group(group.id, "he is gone")
    assert bob.client.texts == []
    with pytest.raises(NoSuchMember):
        await pair.second.group_administration.remove(str(group.id), "Bob")
    await pair.second.groups.join(bob.user.id, group.id)
    await bob.say_to_group(group.id, "back")
    await ann.receives("hello", "back")


async def test_a_group_that_was_ended_is_gone_on_every_node(pair: Pair) -> None:
    """Its members can say nothing to it any more."""
    ann, bob, group = await talking_group(pair)
    assert await pair.first.group_administration.end("chess") == group
    for person in (ann, bob):
        with pytest.raises(NoSuchGroup):
            await person.say_to_group(group.id, "is anybody here?")
    with pytest.raises(NoSuchGroup):
        await pair.second.group_administration.end("chess")


async def test_a_renamed_group_is_found_by_its_new_name(pair: Pair) -> None:
    """By its members, too; a name that is none is refused."""
    ann, _, group = await talking_group(pair)
    before, renamed = await pair.second.group_administration.rename("Chess", "Go ")
    assert (before, renamed) == (group, Group(group.id, "Go", ""))
    (own,) = (await pair.first.groups.own(ann.user.id, 0, 9)).items
    assert own.group == await pair.first.group_administration.group("gO") == renamed
    with pytest.raises(BadName):
        await pair.first.group_administration.rename("Go", "12")


async def test_the_operator_sees_groups_and_their_members(pair: Pair) -> None:
    """How many they are, who they are, and who of them is online anywhere."""
    ann, bob, group = await talking_group(pair)
    await pair.second.groups.create(bob.user.id, "Go", "")
    await pair.second.logins.end(bob.session)
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


async def test_what_a_deleted_account_has_sent_is_removed_if_it_is_to_be(pair: Pair) -> None:
    """Otherwise it waits on: its sender was told that it is stored."""
    ann, bob, cid = [await register(pair, name) for name in ("Ann", "Bob", "Cid")]
    mailbox = pair.first.delivery.mailbox
    for sender in (ann, bob):
        said = [Entry(cid.id, message(f"{sender.id} {n}", sender_id=sender.id)) for n in (1, 2)]
        await mailbox.add(said)
    await pair.first.administration.delete("Ann", with_sent=True)
    assert [one.sender_id for one in await mailbox.read(cid.id, 9, ())] == [bob.id, bob.id]
    await pair.first.administration.delete("Bob")
    assert len(await mailbox.read(cid.id, 9, ())) == 2


async def test_a_restored_store_gives_no_id_again_and_takes_no_old_token(pair: Pair) -> None:
    """What was given and what was ended since the backup is not known, so nothing is chanced."""
    ann = await register(pair, "Ann")
    token = await pair.first.tokens.issue(ann)
    group = await pair.first.groups.create(ann.id, "Chess", "")
    assert await pair.first.administration.after_restore() == 1
    assert (await register(pair, "Bob")).id > ann.id + SKIPPED
    assert (await pair.first.groups.create(ann.id, "Go", "")).id > group.id + SKIPPED
    with pytest.raises(BadToken):
        await pair.first.resuming.prove(token.text)


async def test_the_operator_sees_who_is_where(pair: Pair) -> None:
    """Each node has its own users, and people are found by a part of their name."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Hanna")
    await enter(pair.second, ann)
    seen = {
        one.node: [claim.user_id for claim in one.claims]
        for one in await pair.first.overview.nodes()
    }
    assert seen == {pair.first.overview.name: [], pair.second.overview.name: [ann.id]}
    page = await pair.first.administration.people(0, 9, "ANN")
    found = [(one.user, one.claim.node if one.claim else None) for one in page.items]
    assert found == [(ann, pair.second.overview.name), (bob, None)]
    assert page.next is None


async def test_the_operator_sees_who_is_disabled(pair: Pair) -> None:
    """In a list of many, and of one who was named."""
    await register(pair, "Ann")
    await register(pair, "Bob")
    await pair.first.administration.disable("Ann")
    page = await pair.second.administration.people(0, 9)
    assert {one.user.name: one.disabled for one in page.items} == {"Ann": True, "Bob": False}
    assert (await pair.second.administration.person("ann")).disabled


async def test_a_notice_reaches_everybody(pair: Pair) -> None:
    """On this node and on others."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    here = await enter(pair.first, ann)
    there = await enter(pair.second, bob)
    assert pair.first.overview.broadcast("we restart at noon") == 1
    await eventually(lambda: there.client.notices)
    assert here.client.notices == there.client.notices == ["we restart at noon"]


async def test_an_export_has_what_is_kept_about_a_user(pair: Pair) -> None:
    """Friends, groups, sessions, messages to them and from them; no secret and no token."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    await pair.first.friends.add(ann.id, bob.id)
    group = await pair.first.groups.create(ann.id, "Chess", "on Mondays")
    token = await pair.first.tokens.issue(ann)
    to_ann, to_bob = message("to ann", sender_id=bob.id), message("to bob", sender_id=ann.id)
    await pair.first.delivery.mailbox.add([Entry(ann.id, to_ann), Entry(bob.id, to_bob)])
    data = await pair.second.overview.export(await pair.second.administration.account("Ann"))
    assert (data.user, data.friends) == (User(ann.id, "Ann"), (User(bob.id, "Bob"),))
    assert [own.group for own in data.groups] == [group]
    assert [one.name for one in data.tokens] == [token.session]
    assert [message.mid for message in data.messages] == ["to ann"]
    assert [(one.recipient_id, one.message.mid) for one in data.sent] == [(bob.id, "to bob")]
    assert token.text not in repr(data)
