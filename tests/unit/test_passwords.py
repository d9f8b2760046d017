"""Passwords as argon2id hashes."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from adapters.passwords import WAITING, Argon2Hasher, _is_hash
from chat_domain.errors import TryAgain
from chat_domain.model import DISABLED, NO_PASSWORD, PLAIN


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    hasher = Argon2Hasher(cheap=True)
    yield hasher
    hasher.close()


async def test_a_hash_is_argon2id_with_the_parameters_that_owasp_asks_for() -> None:
    """The cheap parameters are for tests only, and never the default."""
    hasher = Argon2Hasher()
    assert (await hasher.hash("pw")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_a_password_is_its_hash_s_and_no_other_is(hasher: Argon2Hasher) -> None:
    """The password has to be exactly the same."""
    secret = await hasher.hash("correct horse")
    assert await hasher.verify(secret, "correct horse")
    for wrong in ("", "correct", "Correct horse", "correct horse ", secret):
        assert not await hasher.verify(secret, wrong)


@pytest.mark.parametrize("password", ["", "👩‍👩‍👧‍👦", "\0", "\ud800", "x" * 1024])
async def test_any_text_can_be_a_password(hasher: Argon2Hasher, password: str) -> None:
    """Even half a character can, which JSON may have."""
    assert await hasher.verify(await hasher.hash(password), password)
    assert await hasher.verify(PLAIN + password, password)
    assert not await hasher.verify(PLAIN + "another", password)


async def test_nobody_has_no_password(hasher: Argon2Hasher) -> None:
    """Not even the empty one matches, with which such a login takes its time."""
    for password in ("", "pw"):
        assert not await hasher.verify(None, password)


@pytest.mark.parametrize("secret", [None, PLAIN + "123456", NO_PASSWORD, "", "$argon2id$broken"])
async def test_whoever_it_is_one_hash_is_computed(secret: str | None) -> None:
    """So the time does not tell whether the account exists."""
    hasher = CountingHasher(cheap=True)
    await hasher.verify(secret, "pw")
    assert hasher.computed == 1
    await hasher.verify(await hasher.hash("pw"), "pw")
    assert hasher.computed == 2
    hasher.close()


class CountingHasher(Argon2Hasher):
    """Notes the hashes with which it compares."""

    def __init__(self, *, cheap: bool) -> None:
        super().__init__(cheap=cheap)
        self.compared: list[str] = []

    @property
    def computed(self) -> int:
        return len(self.compared)

    def _matches(self, hashed: str, password: str) -> bool:
        self.compared.append(hashed)
        return super()._matches(hashed, password)


async def test_a_plain_password_is_taken_and_outdated(hasher: Argon2Hasher) -> None:
    """The C++ server kept passwords like this. The next login hashes it; then it is up to date."""
    assert await hasher.verify(PLAIN + "123456", "123456")
    assert not await hasher.verify(PLAIN + "123456", "12345")
    assert hasher.needs_rehash(PLAIN + "123456")
    assert not hasher.needs_rehash(await hasher.hash("123456"))


HUGE = "$argon2id$v=19$m=131072,t=40,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


@pytest.mark.parametrize("password", [HUGE, "$argon2id$", PLAIN + "x", DISABLED, NO_PASSWORD])
async def test_a_plain_password_is_a_password_whatever_it_looks_like(password: str) -> None:
    """It may look like a hash that takes a minute to compute: only the mark tells what it is."""
    hasher = CountingHasher(cheap=True)
    assert await hasher.verify(PLAIN + password, password)
    assert not await hasher.verify(PLAIN + password, "x")
    assert hasher.compared == [hasher._nobody] * 2
    hasher.close()


OURS = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


@pytest.mark.parametrize(
    "secret",
    [
        "123456",
        "",
        NO_PASSWORD,
        "$argon2id$",
        "$argon2id$密码",
        HUGE,
        OURS.replace("argon2id", "argon2i"),
        OURS.replace("v=19", "v=16"),
        OURS.replace("m=19456", "m=131073"),
        OURS.replace("m=19456,t=2", "m=131072,t=5"),
        OURS.replace("t=2", "t=0"),
        OURS.replace("p=1", "p=5"),
        OURS.replace("m=19456,t=2,p=1", "m=8,t=1,p=4"),
        OURS.replace("m=19456", "m=019456"),
        OURS.replace("m=19456", "m=١٩٤٥٦"),
        OURS.replace("c29tZXNhbHRzb21lc2FsdA", "c29tZQ"),
        OURS.replace("c29tZXNhbHRzb21lc2FsdA", "c29tZXNhbHRzb"),
        OURS.replace("A" * 43, "A" * 20),
        OURS.replace("A" * 43, "A" * 90),
        OURS + "\n",
    ],
)
async def test_what_is_neither_marked_nor_a_hash_of_ours_is_nobodys(secret: str) -> None:
    """Whatever it looks like or costs, it is never compared, and takes as long as any other."""
    hasher = CountingHasher(cheap=True)
    assert not await hasher.verify(secret, "pw")
    assert not await hasher.verify(secret, secret)
    assert hasher.compared == [hasher._nobody] * 2
    hasher.close()


async def test_a_defect_of_the_data_is_told_to_the_operator(hasher: Argon2Hasher) -> None:
    """The log has it once per attempt, without the secret. An account without a password is no
    defect."""
    with capture_logs() as lines:
        await hasher.verify("123456", "123456")
        for good in (None, NO_PASSWORD, PLAIN + "123456", await hasher.hash("123456")):
            await hasher.verify(good, "123456")
    assert [line["log_level"] for line in lines] == ["error"]
    assert "123456" not in str(lines)


@pytest.mark.parametrize("parameters", ["m=65536,t=3,p=4", "m=47104,t=1,p=1", "m=131072,t=4,p=1"])
def test_stronger_hashes_are_known(parameters: str) -> None:
    """An operator can raise the parameters, up to about 0.6 s for each hash."""
    assert _is_hash(OURS.replace("m=19456,t=2,p=1", parameters))


async def test_a_hash_of_other_parameters_is_good_and_outdated(hasher: Argon2Hasher) -> None:
    """So the next login hashes the password with the present parameters."""
    strong = Argon2Hasher()
    secret = await hasher.hash("pw")
    assert await strong.verify(secret, "pw")
    assert strong.needs_rehash(secret)
    strong.close()


async def test_too_many_at_once_are_to_try_again() -> None:
    """They are refused at the bound, not below it; afterwards there is room again. A job under way
    no longer counts as waiting."""
    hasher = Argon2Hasher(cheap=True, threads=1, waiting=lambda: 4)
    released = threading.Event()
    occupied = [asyncio.create_task(hasher._jobs.run(released.wait, "")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TryAgain):
        await hasher.hash("pw")
    with pytest.raises(TryAgain):
        await hasher.verify(None, "pw")
    waiting = hasher.waiting()
    released.set()
    await asyncio.gather(*occupied)
    assert (waiting, hasher.waiting()) == (2, 0)
    assert await hasher.verify(await hasher.hash("pw"), "pw")
    hasher.close()


async def test_two_hundred_may_wait_by_default(hasher: Argon2Hasher) -> None:
    """The last of them waits for some seconds. Nobody can see that they have the same password."""
    assert WAITING == 200
    done = await asyncio.gather(*(hasher.hash("pw", f"origin {n}") for n in range(WAITING)))
    assert len(set(done)) == WAITING


async def test_the_loop_goes_on_meanwhile(hasher: Argon2Hasher) -> None:
    """Hashing runs on threads of its own."""
    names: list[str] = []
    await hasher._jobs.run(lambda: names.append(threading.current_thread().name), "")
    assert names[0].startswith("passwords")
