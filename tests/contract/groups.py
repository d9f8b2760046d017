"""The promises of `ports.Groups`."""

import pytest

from chat_domain.errors import AlreadyMember, GroupNameTaken, NoSuchGroup, NotMember
from chat_domain.model import Group, Member, Membership, Role, SizedGroup
from chat_domain.names import Name, name_key
from chat_domain.ports.store import Store
from tests.contract.making import LOOK_ALIKES, ODD_INTEGERS, ODD_TEXTS, at_once, register


async def make(store: Store, name: str, creator: int, *members: int) -> Group:
    group = await store.groups.create(Name.parse(name), f"about {name}", creator)
    for user_id in members:
        await store.groups.join(group.id, user_id)
    return group


async def creator(store: Store, group: Group) -> str:
    """The name of the one member who is the creator."""
    members = await store.groups.members(group.id, 0, 1000)
    (name,) = [member.name for member in members if member.role is Role.CREATOR]
    return name


async def test_a_group_begins_with_its_creator(store: Store) -> None:
    """create makes a group whose only member is its creator."""
    (ann,) = await register(store, "Ann")
    group = await store.groups.create(Name.parse("Chess"), "about chess", ann)
    assert group == Group(group.id, "Chess", "about chess")
    assert 0 < group.id < 2**31
    assert await store.groups.members(group.id, 0, 10) == [Member(ann, "Ann", Role.CREATOR)]
    assert await store.groups.page_of(ann, 0, 10) == [Membership(group, Role.CREATOR)]


@pytest.mark.parametrize("name", ["chess", " CHESS ", "Chess"])
async def test_a_group_name_is_taken_once(store: Store, name: str) -> None:
    """A name with the key of another group's is refused, and nothing is made."""
    ann, bob = await register(store, "Ann", "Bob")
    await make(store, "Chess", ann)
    with pytest.raises(GroupNameTaken) as refusal:
        await store.groups.create(Name.parse(name), "", bob)
    assert refusal.value.name == name.strip()
    assert await store.groups.page_of(bob, 0, 10) == []


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_group_name_that_looks_like_another_is_taken(
    store: Store, taken: str, name: str
) -> None:
    """Until that group has ended."""
    (ann,) = await register(store, "Ann")
    group = await make(store, taken, ann)
    with pytest.raises(GroupNameTaken):
        await make(store, name, ann)
    await store.groups.leave(group.id, ann)
    await make(store, name, ann)


async def test_of_many_who_want_a_group_name_one_gets_it(store: Store) -> None:
    """Creating is one step: at the same time, too, a name goes to one group."""
    (ann,) = await register(store, "Ann")
    results = await at_once([make(store, "Chess", ann) for _ in range(20)])
    assert sorted(type(result).__name__ for result in results) == ["Group"] + (
        ["GroupNameTaken"] * 19
    )
    assert len(await store.groups.page_of(ann, 0, 100)) == 1


async def test_a_group_may_be_called_like_a_user(store: Store) -> None:
    """Groups and users do not share their names."""
    (ann,) = await register(store, "Ann")
    assert (await make(store, "Ann", ann)).name == "Ann"


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if text])
async def test_any_text_is_kept_as_it_is(store: Store, text: str) -> None:
    """Names and descriptions come back character by character."""
    (ann,) = await register(store, "Ann")
    group = await store.groups.create(Name(text[:50]), text, ann)
    assert group == Group(group.id, text[:50], text)
    assert await store.groups.page_of(ann, 0, 10) == [Membership(group, Role.CREATOR)]


async def test_who_joins_is_an_ordinary_member(store: Store) -> None:
    """join tells which group it is, and makes a member like any other."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    assert await store.groups.join(group.id, bob) == group
    assert await store.groups.members(group.id, 0, 10) == [
        Member(ann, "Ann", Role.CREATOR),
        Member(bob, "Bob", Role.NORMAL),
    ]
    assert await store.groups.page_of(bob, 0, 10) == [Membership(group, Role.NORMAL)]


async def test_nobody_joins_twice(store: Store) -> None:
    """A member, the creator included, who joins again is refused and stays what they are."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    for user_id in (ann, bob):
        with pytest.raises(AlreadyMember) as refusal:
            await store.groups.join(group.id, user_id)
        assert refusal.value.group_id == group.id
    assert await store.groups.member_ids(group.id) == [ann, bob]
    assert await creator(store, group) == "Ann"


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_a_group_that_is_not_there(store: Store, number: int) -> None:
    """An integer that is no group's id, however large, is refused by whatever needs a group."""
    (ann,) = await register(store, "Ann")
    await make(store, "Chess", ann)
    for step in (
        store.groups.join(number, ann),
        store.groups.leave(number, ann),
        store.groups.members(number, 0, 10),
        store.groups.member_ids(number),
        store.groups.rename(number, Name.parse("Go")),
        store.groups.end(number),
    ):
        with pytest.raises(NoSuchGroup) as refusal:
            await step
        assert refusal.value.group_id == number
    assert await store.groups.by_id(number) is None


async def test_who_leaves_is_no_member(store: Store) -> None:
    """leave ends one membership, and no other."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group, other = await make(store, "Chess", ann, bob, cid), await make(store, "Go", ann, bob)
    await store.groups.leave(group.id, bob)
    assert await store.groups.member_ids(group.id) == [ann, cid]
    assert await creator(store, group) == "Ann"
    assert await store.groups.page_of(bob, 0, 10) == [Membership(other, Role.NORMAL)]


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_who_is_no_member_cannot_leave(store: Store, number: int) -> None:
    """Leaving without being a member, or a second time, is refused."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await store.groups.leave(group.id, bob)
    for user_id in (bob, number):
        with pytest.raises(NotMember) as refusal:
            await store.groups.leave(group.id, user_id)
        assert refusal.value.group_id == group.id


async def test_the_longest_member_succeeds_the_creator(store: Store) -> None:
    """When the creator leaves, who came first of the others is the creator, whatever their id."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    group = await make(store, "Chess", bob, dan, ann, cid)
    heirs = []
    for user_id in (bob, dan, ann):
        await store.groups.leave(group.id, user_id)
        heirs.append(await creator(store, group))
    assert heirs == ["Dan", "Ann", "Cid"]


async def test_who_comes_back_comes_last(store: Store) -> None:
    """Having been a member before does not count for the succession."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    await store.groups.leave(group.id, bob)
    await store.groups.join(group.id, bob)
    await store.groups.leave(group.id, ann)
    await store.groups.join(group.id, ann)
    assert await creator(store, group) == "Cid"
    await store.groups.leave(group.id, cid)
    assert await creator(store, group) == "Bob"


async def test_the_last_one_out_ends_the_group(store: Store) -> None:
    """A group without members is no more."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await store.groups.leave(group.id, ann)
    await store.groups.leave(group.id, bob)
    with pytest.raises(NoSuchGroup):
        await store.groups.member_ids(group.id)
    with pytest.raises(NoSuchGroup):
        await store.groups.join(group.id, ann)
    assert await store.groups.page_of(bob, 0, 10) == []


async def test_an_ended_groups_name_is_free_and_its_id_is_not(store: Store) -> None:
    """A later group may have the name of an ended one and never has its id."""
    (ann,) = await register(store, "Ann")
    ids = set()
    for _ in range(5):
        group = await make(store, "Chess", ann)
        ids.add(group.id)
        await store.groups.leave(group.id, ann)
    assert len(ids) == 5


async def test_all_can_leave_at_once(store: Store) -> None:
    """Leaving is one step: when all leave at the same time, the group has ended."""
    users = await register(store, *(f"user {number}" for number in range(10)))
    group = await make(store, "Chess", *users)
    assert await at_once(store.groups.leave(group.id, user_id) for user_id in users) == [None] * 10
    with pytest.raises(NoSuchGroup):
        await store.groups.members(group.id, 0, 10)


async def test_the_pages_of_ones_groups_ascend(store: Store) -> None:
    """page_of begins above `after`, holds at most `limit` and ascends by the group's id."""
    ann, bob = await register(store, "Ann", "Bob")
    groups = [await make(store, f"group {number}", ann) for number in range(12)]
    for group in reversed(groups):
        await store.groups.join(group.id, bob)
    first = await store.groups.page_of(bob, 0, 5)
    second = await store.groups.page_of(bob, groups[4].id, 100)
    assert [membership.group for membership in first] == groups[:5]
    assert [membership.group for membership in second] == groups[5:]
    assert await store.groups.page_of(bob, groups[-1].id, 5) == []
    assert len(await store.groups.page_of(bob, -(2**63) - 1, 2**63)) == 12


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_nobody_has_no_groups(store: Store, number: int) -> None:
    """An integer that is nobody's id has no groups, and none is above a huge id."""
    (ann,) = await register(store, "Ann")
    await make(store, "Chess", ann)
    assert await store.groups.page_of(number, 0, 10) == []
    assert await store.groups.page_of(ann, 2**63, 10) == []


async def test_the_pages_of_members_ascend(store: Store) -> None:
    """members begins above `after`, holds at most `limit` and ascends by id, all offline."""
    users = await register(store, *(f"user {number}" for number in range(12)))
    group = await make(store, "Chess", *reversed(users))
    first = await store.groups.members(group.id, -(2**63) - 1, 5)
    second = await store.groups.members(group.id, users[4], 2**63)
    assert [member.id for member in first + second] == users
    assert not any(member.online for member in first + second)
    assert second[-1] == Member(users[-1], "user 11", Role.CREATOR)


async def test_a_page_behind_the_last_member_is_empty(store: Store) -> None:
    """The end of the members is not the end of the group."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    assert await store.groups.members(group.id, ann, 10) == []
    assert await store.groups.members(group.id, 2**63, 10) == []


async def test_the_ids_of_all_members_ascend(store: Store) -> None:
    """member_ids tells all, ascending however they came."""
    users = await register(store, *(f"user {number}" for number in range(200)))
    group = await make(store, "Chess", users[100])
    await at_once(
        store.groups.join(group.id, user_id) for user_id in reversed(users[:100] + users[101:])
    )
    assert await store.groups.member_ids(group.id) == users


async def test_lists_that_are_handed_out_are_the_callers_own(store: Store) -> None:
    """What the caller does to a list that it was given changes nothing here."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    (await store.groups.members(group.id, 0, 10)).clear()
    (await store.groups.member_ids(group.id)).clear()
    (await store.groups.page_of(ann, 0, 10)).clear()
    assert len(await store.groups.members(group.id, 0, 10)) == 1
    assert await store.groups.member_ids(group.id) == [ann]
    assert len(await store.groups.page_of(ann, 0, 10)) == 1


async def test_a_user_s_groups_are_counted(store: Store) -> None:
    """count_of tells how many there are; nobody is in none."""
    ann, bob = await register(store, "Ann", "Bob")
    chess = await make(store, "Chess", ann)
    await make(store, "Go", ann)
    await store.groups.join(chess.id, bob)
    await store.groups.leave(chess.id, ann)
    assert [await store.groups.count_of(user) for user in (ann, bob)] == [1, 1]
    assert [await store.groups.count_of(number) for number in ODD_INTEGERS] == (
        [0] * len(ODD_INTEGERS)
    )


async def test_a_group_is_found_by_its_id_and_by_its_name_s_key(store: Store) -> None:
    """by_id and by_name tell the same of it; a part of a name finds nothing."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Zoë's", ann)
    assert await store.groups.by_id(group.id) == group
    assert await store.groups.by_name(name_key("ZOË'S")) == group
    assert await store.groups.by_name("zoë") is None


async def test_all_groups_come_in_pages(store: Store) -> None:
    """page begins above `after`, ascends by id, and says how many members each has."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    groups = [await make(store, f"group {number}", ann) for number in range(5)]
    for user_id in (bob, cid):
        await store.groups.join(groups[1].id, user_id)
    assert await store.groups.page(0, 2) == [SizedGroup(groups[0], 1), SizedGroup(groups[1], 3)]
    assert [one.group for one in await store.groups.page(groups[1].id, 10)] == groups[2:]
    assert await store.groups.page(groups[-1].id, 10) == await store.groups.page(2**63, 10) == []
    assert len(await store.groups.page(-(2**63) - 1, 2**63)) == 5


async def test_groups_are_found_by_a_part_of_their_key(store: Store) -> None:
    """What is looked for is compared to the last byte; nothing in it is a pattern."""
    (ann,) = await register(store, "Ann")
    some, other = await make(store, "All 100%", ann), await make(store, "Zoë_", ann)
    for part, found in (("ll", some), (name_key("OË"), other), ("%", some), ("_", other)):
        assert await store.groups.page(0, 9, part) == [SizedGroup(found, 1)]
    assert await store.groups.page(0, 9, "All") == []


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_group_is_renamed_to_nothing_that_looks_like_another(
    store: Store, taken: str, name: str
) -> None:
    """But to what looks like its own name; and its old look is free."""
    (ann,) = await register(store, "Ann")
    group, other = await make(store, taken, ann), await make(store, "Go", ann)
    with pytest.raises(GroupNameTaken):
        await store.groups.rename(other.id, Name.parse(name))
    await store.groups.rename(group.id, Name.parse(name))
    await store.groups.rename(group.id, Name.parse("Chess"))
    await store.groups.rename(other.id, Name.parse(taken))


async def test_a_renamed_group_is_the_same_group(store: Store) -> None:
    """Its id, description and members stay; its old name is free, and its new one is taken."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await store.groups.rename(group.id, Name.parse("Go"))
    renamed = Group(group.id, "Go", group.description)
    assert await store.groups.page_of(bob, 0, 9) == [Membership(renamed, Role.NORMAL)]
    assert await store.groups.by_name("go") == await store.groups.by_id(group.id) == renamed
    assert await store.groups.by_name("chess") is None
    with pytest.raises(GroupNameTaken):
        await make(store, "GO", bob)
    await make(store, "chess", bob)


async def test_a_group_gets_no_other_group_s_name(store: Store) -> None:
    """It keeps its own, and so does the other."""
    (ann,) = await register(store, "Ann")
    chess, go = await make(store, "Chess", ann), await make(store, "Go", ann)
    with pytest.raises(GroupNameTaken) as refusal:
        await store.groups.rename(go.id, Name.parse("CHESS"))
    assert refusal.value.name == "CHESS"
    assert await store.groups.by_name("chess") == chess
    assert await store.groups.by_id(go.id) == go


@pytest.mark.parametrize("name", ["Chess", "CHESS", " chess "])
async def test_a_group_s_own_name_is_not_taken(store: Store, name: str) -> None:
    """It may be written in other letters, or be given once more."""
    (ann,) = await register(store, "Ann")
    group = await make(store, "Chess", ann)
    for _ in range(2):
        await store.groups.rename(group.id, Name.parse(name))
    assert await store.groups.by_name("chess") == Group(group.id, name.strip(), "about Chess")


async def test_of_many_groups_that_want_one_name_one_gets_it(store: Store) -> None:
    """Renaming is one step."""
    (ann,) = await register(store, "Ann")
    groups = [await make(store, f"group {number}", ann) for number in range(10)]
    results = await at_once(store.groups.rename(one.id, Name.parse("Chess")) for one in groups)
    assert sorted(str(result) for result in results) == ["None"] + (
        [str(GroupNameTaken("Chess"))] * 9
    )
    assert [one.group.name for one in await store.groups.page(0, 99)].count("Chess") == 1


async def test_an_ended_group_is_nowhere(store: Store) -> None:
    """Nobody is in it any more, its name is free, its id is not, and other groups stay."""
    ann, bob = await register(store, "Ann", "Bob")
    group, other = await make(store, "Chess", ann, bob), await make(store, "Go", ann, bob)
    await store.groups.end(group.id)
    for user_id, role in ((ann, Role.CREATOR), (bob, Role.NORMAL)):
        assert await store.groups.page_of(user_id, 0, 9) == [Membership(other, role)]
        assert await store.groups.count_of(user_id) == 1
    assert await store.groups.page(0, 9) == [SizedGroup(other, 2)]
    assert await store.groups.by_name("chess") is None
    for step in (store.groups.join(group.id, ann), store.groups.end(group.id)):
        with pytest.raises(NoSuchGroup):
            await step
    assert (await make(store, "Chess", ann)).id > other.id


async def test_nobody_joins_a_group_that_ends_at_that_moment(store: Store) -> None:
    """Whoever comes first: of the group nothing is left."""
    users = await register(store, *(f"user {number}" for number in range(10)))
    group = await make(store, "Chess", users[0])
    joining = [store.groups.join(group.id, user_id) for user_id in users[1:]]
    results = await at_once([*joining[:5], store.groups.end(group.id), *joining[5:]])
    assert {type(result) for result in results} <= {Group, NoSuchGroup, type(None)}
    assert [await store.groups.count_of(user_id) for user_id in users] == [0] * 10
