"""What an operator does from one node to users of another. Needs a fixture `pair`."""

import pytest

from chat_domain.errors import BadCredentials, NoSuchUser
from chat_domain.model import User
from tests.contract.nodes import Pair, enter, eventually


async def register(pair: Pair, name: str) -> User:
    return await pair.first.accounts.register(name, "x")


async def test_a_user_is_logged_out_from_another_node(pair: Pair) -> None:
    """The session ends there, its claim is free, and its token resumes nothing."""
    ann = await register(pair, "Ann")
    person = await enter(pair.second, ann)
    assert await pair.first.administration.log_out("ann") == (ann, True)
    assert person.client.was_dropped
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
    assert await pair.first.accounts.by_id(ann.id, "x") == ann


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
    assert await pair.second.accounts.by_id(ann.id, "new") == ann
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


async def test_a_notice_reaches_everybody(pair: Pair) -> None:
    """On this node and on others."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    here = await enter(pair.first, ann)
    there = await enter(pair.second, bob)
    assert pair.first.overview.broadcast("we restart at noon") == 1
    await eventually(lambda: there.client.notices)
    assert here.client.notices == there.client.notices == ["we restart at noon"]


async def test_an_export_has_what_is_kept_about_a_user(pair: Pair) -> None:
    """Friends, groups, sessions and messages; no secret and no token."""
    ann, bob = await register(pair, "Ann"), await register(pair, "Bob")
    await pair.first.friends.add(ann.id, bob.id)
    group = await pair.first.groups.create(ann.id, "Chess", "on Mondays")
    token = await pair.first.accounts.issue_token(ann)
    data = await pair.second.overview.export(await pair.second.administration.account("Ann"))
    assert (data.user, data.friends) == (User(ann.id, "Ann"), (User(bob.id, "Bob"),))
    assert [own.group for own in data.groups] == [group]
    assert [one.name for one in data.tokens] == [token.digest[:16]]
    assert token.text not in repr(data)
