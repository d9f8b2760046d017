"""The promises of `ports.Log.append` and of `ports.Groups` about what changes do."""

import asyncio
from itertools import pairwise

import pytest

from chat_domain.entries import (
    CHANGE,
    DELETED,
    TEXT,
    Change,
    ChangeKind,
    Duplicate,
    Entry,
    ErasureProgress,
    pair,
)
from chat_domain.errors import (
    AlreadyMember,
    ChatError,
    GroupNameTaken,
    NoSuchGroup,
    NoSuchMember,
    NotAllowed,
    NotLoggedIn,
    NotMember,
)
from chat_domain.model import DISABLED, Group, Member, Membership, Role, SizedGroup
from chat_domain.names import Name
from chat_domain.ports.store import Store
from tests.contract.making import (
    LOOK_ALIKES,
    ODD_INTEGERS,
    ODD_TEXTS,
    append,
    at_once,
    change,
    create,
    end,
    ids,
    join,
    leave,
    make,
    register,
    remove,
    rename,
    say,
    seen,
    text,
    write,
)


async def creator(store: Store, group: Group) -> str:
    """The name of the one member who is the creator."""
    members = await store.groups.members(group.id, 0, 1000)
    (name,) = [member.name for member in members if member.role is Role.CREATOR]
    return name


async def last_change(store: Store) -> Change | None:
    """The change at the head of the log, if it is one."""
    (found,) = (await store.log.tail((await store.log.ends()).head - 1, 9)).entries
    return found.change


# -- created --------------------------------------------------------------------------------------


async def test_a_group_begins_with_its_creator(store: Store) -> None:
    """CREATED makes a group whose only member is its creator; its entry has the group's id."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "Chess", "about chess")
    assert group == Group(group.id, "Chess", "about chess")
    assert 0 < group.id < 2**31
    assert await store.groups.find(group.id) == group
    assert await store.groups.members(group.id, 0, 10) == [Member(ann, "Ann", Role.CREATOR)]
    assert await store.groups.page_of(ann, 0, 10) == [Membership(group, Role.CREATOR)]
    (found,) = (await store.log.tail(0, 9)).entries
    assert (found.conv, found.kind) == (group.id, CHANGE)
    assert found.change == Change(ChangeKind.CREATED, 0, "Chess", "about chess")


@pytest.mark.parametrize("name", ["chess", " CHESS ", "Chess"])
async def test_a_group_name_is_taken_once(store: Store, name: str) -> None:
    """A name with the key of another group's is refused, and nothing is made."""
    ann, bob = await register(store, "Ann", "Bob")
    await make(store, "Chess", ann)
    with pytest.raises(GroupNameTaken) as refusal:
        await create(store, bob, name.strip())
    assert refusal.value.name == name.strip()
    assert await store.groups.page_of(bob, 0, 10) == []
    assert (await store.log.ends()).head == 1


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_group_name_that_looks_like_another_is_taken(
    store: Store, taken: str, name: str
) -> None:
    """It is taken until that group has ended."""
    (ann,) = await register(store, "Ann")
    group = await make(store, taken, ann)
    with pytest.raises(GroupNameTaken):
        await make(store, name, ann)
    await leave(store, group.id, ann)
    await make(store, name, ann)


async def test_of_many_who_want_a_group_name_one_gets_it(store: Store) -> None:
    """This holds in one batch, and in many at the same time."""
    (ann,) = await register(store, "Ann")
    wanted = [change(ChangeKind.CREATED, ann, name="Chess") for _ in range(20)]
    some, *others = await asyncio.gather(
        append(store, *wanted[:10]), *(append(store, one) for one in wanted[10:])
    )
    results = [*some, *(one for (one,) in others)]
    assert sorted(type(result).__name__ for result in results) == ["Entry"] + (
        ["GroupNameTaken"] * 19
    )
    assert len(await store.groups.page_of(ann, 0, 100)) == 1


async def test_a_group_may_be_called_like_a_user(store: Store) -> None:
    """Names of groups and names of users are independent."""
    (ann,) = await register(store, "Ann")
    assert (await make(store, "Ann", ann)).name == "Ann"


@pytest.mark.parametrize("words", [words for words in ODD_TEXTS if words])
async def test_any_words_are_kept_as_they_are(store: Store, words: str) -> None:
    """The group and the log have its name and its description as they were given."""
    (ann,) = await register(store, "Ann")
    name = Name(words[:50]).text
    group = await create(store, ann, name, words)
    assert await store.groups.page_of(ann, 0, 10) == [Membership(group, Role.CREATOR)]
    assert await last_change(store) == Change(ChangeKind.CREATED, 0, name, words)


# -- joined, left, removed ------------------------------------------------------------------------


async def test_who_joins_is_an_ordinary_member(store: Store) -> None:
    """JOINED makes a member like any other."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    await join(store, group.id, bob)
    assert await store.groups.members(group.id, 0, 10) == [
        Member(ann, "Ann", Role.CREATOR),
        Member(bob, "Bob", Role.NORMAL),
    ]
    assert await store.groups.page_of(bob, 0, 10) == [Membership(group, Role.NORMAL)]
    assert await last_change(store) == Change(ChangeKind.JOINED)


async def test_nobody_joins_twice(store: Store) -> None:
    """A member, the creator included, who joins again is refused and stays what they are."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    for user_id in (ann, bob):
        with pytest.raises(AlreadyMember) as refusal:
            await join(store, group.id, user_id)
        assert refusal.value.group_id == group.id
    assert await ids(store, group.id) == [ann, bob]
    assert await creator(store, group) == "Ann"


async def test_a_group_that_is_not_there(store: Store) -> None:
    """Every change that needs a group is refused for an unknown number, and writes nothing."""
    (ann,) = await register(store, "Ann")
    await make(store, "Chess", ann)
    for number in (0, 7, 2**31 - 1, 2**31, 2**32 - 1, -1, -(2**63) - 1):
        for step in (
            change(ChangeKind.JOINED, ann, number),
            change(ChangeKind.LEFT, ann, number),
            change(ChangeKind.REMOVED, ann, number, ann),
            change(ChangeKind.RENAMED, ann, number, name="Go"),
            change(ChangeKind.ENDED, ann, number),
        ):
            with pytest.raises(NoSuchGroup) as refusal:
                await write(store, step)
            assert refusal.value.group_id == number
    assert (await store.log.ends()).head == 1


@pytest.mark.parametrize("gone", ["removed", "disabled"])
async def test_an_account_that_is_gone_gets_into_no_group(store: Store, gone: str) -> None:
    """The node that its user is on may not know yet, and nobody would ever take it out again. What
    it has done before is known by its cid."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "a group")
    first = await write(store, change(ChangeKind.CREATED, bob, name="bob's", cid="c1"))
    await leave(store, first.conv, bob)
    if gone == "removed":
        await store.users.remove(bob)
    else:
        await store.users.set_secret(bob, DISABLED + "secret", instead_of="secret")
    for late in (
        change(ChangeKind.JOINED, bob, group.id),
        change(ChangeKind.CREATED, bob, name="another"),
    ):
        with pytest.raises(NotLoggedIn):
            await write(store, late)
    assert [one.group for one in await store.groups.page(0, 9)] == [group]
    assert await store.groups.size(group.id) == 1
    assert await store.groups.page_of(bob, 0, 9) == []
    again = change(ChangeKind.CREATED, bob, name="bob's", cid="c1")
    assert await append(store, again) == [Duplicate(first.at, first.time_ms, first.conv)]


async def test_who_leaves_is_no_member(store: Store) -> None:
    """LEFT ends one membership and no other; it says that there is no new creator."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group, other = await make(store, "Chess", ann, bob, cid), await make(store, "Go", ann, bob)
    await leave(store, group.id, bob)
    assert await ids(store, group.id) == [ann, cid]
    assert await store.groups.size(group.id) == 2
    assert await creator(store, group) == "Ann"
    assert await store.groups.page_of(bob, 0, 10) == [Membership(other, Role.NORMAL)]
    assert await last_change(store) == Change(ChangeKind.LEFT)


async def test_who_is_no_member_cannot_leave(store: Store) -> None:
    """Leaving without being a member, or a second time, is refused."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await leave(store, group.id, bob)
    for user_id in (bob, cid, 99):
        with pytest.raises(NotMember) as refusal:
            await leave(store, group.id, user_id)
        assert refusal.value.group_id == group.id


async def test_the_longest_member_succeeds_the_creator(store: Store) -> None:
    """The first of the others to have joined does, whatever their id; the entry of the leaving
    names them."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    group = await make(store, "Chess", bob, dan, ann, cid)
    heirs = []
    for user_id in (bob, dan, ann):
        left = await leave(store, group.id, user_id)
        heirs.append(await creator(store, group))
        assert left.change is not None
        assert await last_change(store) == left.change
        assert left.change.user_id == {bob: dan, dan: ann, ann: cid}[user_id]
    assert heirs == ["Dan", "Ann", "Cid"]


async def test_who_comes_back_comes_last(store: Store) -> None:
    """Having been a member, or the creator, before does not count for the succession."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    await leave(store, group.id, bob)
    await join(store, group.id, bob)
    await leave(store, group.id, ann)
    await join(store, group.id, ann)
    assert await creator(store, group) == "Cid"
    await leave(store, group.id, cid)
    assert await creator(store, group) == "Bob"


async def test_the_last_one_out_ends_the_group(store: Store) -> None:
    """A group without members no longer exists. Its name is free, its id is not."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await leave(store, group.id, ann)
    await leave(store, group.id, bob)
    for step in (store.groups.size(group.id), join(store, group.id, ann)):
        with pytest.raises(NoSuchGroup):
            await step
    assert await store.groups.page_of(bob, 0, 10) == []
    assert (await make(store, "Chess", ann)).id > group.id


async def test_all_can_leave_at_once(store: Store) -> None:
    """In whatever order their leavings come, the group has ended."""
    users = await register(store, *(f"user {number}" for number in range(10)))
    group = await make(store, "Chess", *users)
    results = await at_once(leave(store, group.id, user_id) for user_id in users)
    assert all(isinstance(result, Entry) for result in results)
    with pytest.raises(NoSuchGroup):
        await store.groups.members(group.id, 0, 10)


async def test_who_is_removed_is_no_member(store: Store) -> None:
    """REMOVED names the user, and nobody is removed twice."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await remove(store, group.id, bob)
    assert await ids(store, group.id) == [ann]
    assert await last_change(store) == Change(ChangeKind.REMOVED, bob)
    for user_id in (bob, cid, 99):
        with pytest.raises(NoSuchMember) as refusal:
            await remove(store, group.id, user_id)
        assert (refusal.value.user_id, refusal.value.group_id) == (user_id, group.id)
    await join(store, group.id, bob)


async def test_a_creator_who_is_removed_is_succeeded(store: Store) -> None:
    """This is as if they left; the group ends with its last member."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, cid, bob)
    await remove(store, group.id, ann)
    assert await creator(store, group) == "Cid"
    await remove(store, group.id, cid)
    await remove(store, group.id, bob)
    assert await store.groups.find("chess") is None


async def test_the_changes_of_a_batch_come_one_after_the_other(store: Store) -> None:
    """Each is judged by what those before it have done."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann)
    results = await append(
        store,
        change(ChangeKind.LEFT, bob, group.id),
        change(ChangeKind.JOINED, bob, group.id),
        change(ChangeKind.JOINED, bob, group.id),
        change(ChangeKind.LEFT, ann, group.id),
        change(ChangeKind.RENAMED, bob, group.id, name="Go"),
        change(ChangeKind.CREATED, cid, name="Chess"),
        change(ChangeKind.LEFT, bob, group.id),
        change(ChangeKind.JOINED, ann, group.id),
    )
    refused = {
        place: type(result) for place, result in enumerate(results) if isinstance(result, ChatError)
    }
    assert refused == {0: NotMember, 2: AlreadyMember, 7: NoSuchGroup}
    left = results[3]
    assert isinstance(left, Entry)
    assert left.change == Change(ChangeKind.LEFT, bob)
    assert [entry.at for entry in results if isinstance(entry, Entry)] == [2, 3, 4, 5, 6]
    assert (await store.log.ends()).changed == 6


# -- renamed, ended -------------------------------------------------------------------------------


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_group_is_renamed_to_nothing_that_looks_like_another(
    store: Store, taken: str, name: str
) -> None:
    """Its new name may look like its own, and then its old look is free."""
    (ann,) = await register(store, "Ann")
    group, other = await make(store, taken, ann), await make(store, "Go", ann)
    with pytest.raises(GroupNameTaken):
        await rename(store, other.id, name)
    await rename(store, group.id, name)
    await rename(store, group.id, "Chess")
    await rename(store, other.id, taken)


async def test_a_renamed_group_is_the_same_group(store: Store) -> None:
    """Its id, description and members stay; its old name is free, and its new one is taken."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await rename(store, group.id, "Go")
    renamed = Group(group.id, "Go", group.description)
    assert await store.groups.page_of(bob, 0, 9) == [Membership(renamed, Role.NORMAL)]
    assert await store.groups.find("go") == await store.groups.find(group.id) == renamed
    assert await store.groups.find("chess") is None
    assert await last_change(store) == Change(ChangeKind.RENAMED, 0, "Go")
    with pytest.raises(GroupNameTaken):
        await make(store, "GO", bob)
    await make(store, "chess", bob)


async def test_only_its_creator_renames_a_group(store: Store) -> None:
    """The operator does, too. Who was its creator at the time of the request, and has left or been
    removed before the commit, does not."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await create(store, ann, "Chess")
    await join(store, group.id, bob)
    for user_id, refusal in ((bob, NotAllowed), (cid, NotMember)):
        with pytest.raises(refusal):
            await rename(store, group.id, "Go", user_id)
    left, late = await append(
        store,
        change(ChangeKind.LEFT, ann, group.id),
        change(ChangeKind.RENAMED, ann, group.id, name="Go"),
    )
    assert isinstance(left, Entry)
    assert isinstance(late, NotMember)
    await rename(store, group.id, "Go", bob)
    assert (await store.groups.find(group.id)) == Group(group.id, "Go", "")


async def test_a_group_gets_no_other_group_s_name(store: Store) -> None:
    """Both groups keep their own names."""
    (ann,) = await register(store, "Ann")
    chess, go = await make(store, "Chess", ann), await make(store, "Go", ann)
    with pytest.raises(GroupNameTaken) as refusal:
        await rename(store, go.id, "CHESS")
    assert refusal.value.name == "CHESS"
    assert await store.groups.find("chess") == chess
    assert await store.groups.find(go.id) == go


@pytest.mark.parametrize("name", ["Chess", "CHESS"])
async def test_a_group_s_own_name_is_not_taken(store: Store, name: str) -> None:
    """It may be written with other capitals, or given again."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    for _ in range(2):
        await rename(store, group.id, name)
    assert await store.groups.find("chess") == Group(group.id, name, "about Chess")


async def test_an_ended_group_is_nowhere(store: Store) -> None:
    """It has no members, its name is free, its id is not, and other groups stay."""
    ann, bob = await register(store, "Ann", "Bob")
    group, other = await make(store, "Chess", ann, bob), await make(store, "Go", ann, bob)
    await end(store, group.id)
    for user_id, role in ((ann, Role.CREATOR), (bob, Role.NORMAL)):
        assert await store.groups.page_of(user_id, 0, 9) == [Membership(other, role)]
        assert await store.groups.count_of(user_id) == (1, 2)
    assert await store.groups.page(0, 9) == [SizedGroup(other, 2)]
    assert await store.groups.find("chess") is None
    for step in (join(store, group.id, ann), end(store, group.id)):
        with pytest.raises(NoSuchGroup):
            await step
    assert (await make(store, "Chess", ann)).id > other.id


async def test_nobody_joins_a_group_that_ends_at_that_moment(store: Store) -> None:
    """Whichever comes first, nothing is left of the group."""
    users = await register(store, *(f"user {number}" for number in range(10)))
    group = await make(store, "Chess", users[0])
    joining = [join(store, group.id, user_id) for user_id in users[1:]]
    results = await at_once([*joining[:5], end(store, group.id), *joining[5:]])
    assert {type(result) for result in results} <= {Entry, NoSuchGroup}
    assert [(await store.groups.count_of(user_id))[0] for user_id in users] == [0] * 10


# -- about oneself --------------------------------------------------------------------------------


async def test_the_erased_have_said_nothing(store: Store) -> None:
    """Their entries stay everywhere, but without text; those of others do not change."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", bob, ann, cid)
    await say(store, ann, group.id, "to the group")
    await say(store, bob, group.id, "to the group, too")
    await say(store, ann, pair(ann, bob), "to bob", "and again")
    await say(store, bob, pair(ann, bob), "to ann")
    await leave(store, group.id, ann)
    erased = await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    found = [one for one in (await store.log.tail(0, 99)).entries if one.change is None]
    assert [(one.kind, one.text) for one in found if one.sender_id == ann] == [(DELETED, "")] * 3
    others = [(TEXT, "to the group, too"), (TEXT, "to ann")]
    assert [(one.kind, one.text) for one in found if one.sender_id == bob] == others
    assert (await store.log.ends()).head == erased.at
    assert set(await seen(store, bob)) >= {one.at for one in found}


async def test_what_one_has_written_is_emptied_in_pieces(store: Store) -> None:
    """`erase` takes some entries at a time, up to a position, also in conversations that the user
    has left. The texts of others and later texts stay."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", bob, ann, cid)
    for other in (bob, cid, ann):
        await say(store, ann, pair(ann, other), "one", "two")
        await say(store, other, pair(ann, other), "three")
    await say(store, ann, group.id, *(str(number) for number in range(7)))
    await leave(store, group.id, ann)
    await say(store, bob, group.id, "without her")
    upto = (await store.log.ends()).head
    await say(store, ann, pair(ann, bob), "later")
    so_far, left = ErasureProgress(), [await texts_of(store, ann)]
    while not so_far.done:
        so_far = await store.log.erase(ann, so_far, upto, 3)
        left.append(await texts_of(store, ann))
    numbers = [len(texts) for texts in left]
    assert numbers[0] == 15
    assert all(0 <= one - another <= 3 for one, another in pairwise(numbers))
    assert left[-1] == ["later"]
    assert await texts_of(store, bob) == ["three", "without her"]
    assert await texts_of(store, cid) == ["three"]
    erased = change(ChangeKind.ERASED, ann, pair(ann, ann), answers=upto)
    await write(store, erased)
    assert await texts_of(store, ann) == []


async def test_what_was_emptied_before_is_not_looked_at_again(store: Store) -> None:
    """ERASED says from which position on it applies."""
    ann, bob = await register(store, "Ann", "Bob")
    first, _ = await say(store, ann, pair(ann, bob), "before", "behind")
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann), answers=first.at))
    assert await texts_of(store, ann) == ["before"]


async def test_who_has_said_nothing_has_nothing_emptied(store: Store) -> None:
    """Nor has a user who does not exist."""
    (ann,) = await register(store, "Ann")
    for nobody in (ann, *ODD_INTEGERS):
        assert await store.log.erase(nobody, ErasureProgress(), 9, 9) == ErasureProgress(done=True)


async def texts_of(store: Store, sender_id: int) -> list[str]:
    entries = (await store.log.tail(0, 10_000)).entries
    return [one.text for one in entries if (one.kind, one.sender_id) == (TEXT, sender_id)]


async def test_texts_of_the_same_batch_are_erased(store: Store) -> None:
    """Those before ERASED are."""
    ann, bob = await register(store, "Ann", "Bob")
    await append(
        store,
        text(ann, pair(ann, bob), "one"),
        change(ChangeKind.ERASED, ann, pair(ann, ann)),
        text(bob, pair(ann, bob), "two"),
    )
    found = [(one.kind, one.text) for one in (await store.log.tail(0, 9)).entries]
    assert found == [(DELETED, ""), (CHANGE, ""), (TEXT, "two")]


@pytest.mark.parametrize(
    "what", [ChangeKind.DEVICE_ENDED, ChangeKind.ALL_ENDED, "of_a_later_version"]
)
async def test_what_changes_nothing_here_is_kept(store: Store, what: str) -> None:
    """Readers get it unchanged; only its user sees it."""
    ann, bob = await register(store, "Ann", "Bob")
    ended = await write(store, change(what, ann, pair(ann, ann), detail="a1b2"))
    assert await last_change(store) == Change(what, 0, "", "a1b2")
    assert await seen(store, ann) == [ended.at]
    assert await seen(store, bob) == []
