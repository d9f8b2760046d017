"""Passwords as argon2id hashes."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from adapters.passwords import WAITING, Argon2Hasher
from chat_domain.errors import TryAgain


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    hasher = Argon2Hasher(cheap=True)
    yield hasher
    hasher.close()


async def test_a_hash_is_argon2id_with_the_parameters_that_owasp_asks_for() -> None:
    """The cheap ones are for tests alone, and never the default."""
    hasher = Argon2Hasher()
    assert (await hasher.hash("pw")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_a_password_is_its_hash_s_and_no_other_is(hasher: Argon2Hasher) -> None:
    """To the letter."""
    secret = await hasher.hash("correct horse")
    assert await hasher.verify(secret, "correct horse")
    for wrong in ("", "correct", "Correct horse", "correct horse ", secret):
        assert not await hasher.verify(secret, wrong)


async def test_equal_passwords_have_different_hashes(hasher: Argon2Hasher) -> None:
    """So that nobody sees who shares one."""
    assert await hasher.hash("pw") != await hasher.hash("pw")


@pytest.mark.parametrize("password", ["", "👩‍👩‍👧‍👦", "\0", "\ud800", "x" * 1024])
async def test_any_text_can_be_a_password(hasher: Argon2Hasher, password: str) -> None:
    """Half a character among them, as JSON may bring it."""
    assert await hasher.verify(await hasher.hash(password), password)
    assert not await hasher.verify("plain", password)


async def test_nobody_has_no_password(hasher: Argon2Hasher) -> None:
    """Not even the empty one that their time is taken with."""
    for password in ("", "pw"):
        assert not await hasher.verify(None, password)


@pytest.mark.parametrize("secret", [None, "plain", "", "$argon2id$broken"])
async def test_whoever_it_is_one_hash_is_computed(secret: str | None) -> None:
    """So that the time it takes does not tell whether there is such an account."""
    hasher = CountingHasher(cheap=True)
    await hasher.verify(secret, "pw")
    assert hasher.computed == 1
    await hasher.verify(await hasher.hash("pw"), "pw")
    assert hasher.computed == 2
    hasher.close()


class CountingHasher(Argon2Hasher):
    computed = 0

    def _matches(self, hashed: str, password: str) -> bool:
        self.computed += 1
        return super()._matches(hashed, password)


async def test_a_plain_password_is_taken_and_outdated(hasher: Argon2Hasher) -> None:
    """As the C++ server kept it; it is hashed at the next login, and then it is good."""
    assert await hasher.verify("123456", "123456")
    assert not await hasher.verify("123456", "12345")
    assert hasher.outdated("123456")
    assert not hasher.outdated(await hasher.hash("123456"))


async def test_a_hash_of_other_parameters_is_good_and_outdated(hasher: Argon2Hasher) -> None:
    """It is made anew with today's."""
    strong = Argon2Hasher()
    secret = await hasher.hash("pw")
    assert await strong.verify(secret, "pw")
    assert strong.outdated(secret)
    assert strong.outdated(secret.replace("argon2id", "argon2i"))
    strong.close()


async def test_an_account_without_a_password_lets_nobody_in(hasher: Argon2Hasher) -> None:
    """A broken hash is nobody's either."""
    for secret in ("$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"):
        assert not await hasher.verify(secret, "pw")
        assert not await hasher.verify(secret, secret)


async def test_too_many_at_once_are_to_try_again() -> None:
    """At the bound and not below it; afterwards there is room again. What is under way does not
    wait any more."""
    hasher = Argon2Hasher(cheap=True, threads=1, waiting=4)
    released = threading.Event()
    occupied = [asyncio.create_task(hasher._run(released.wait)) for _ in range(3)]
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
    """The last of them for some seconds."""
    assert WAITING == 200
    done = await asyncio.gather(*(hasher.hash("pw", f"origin {n}") for n in range(WAITING)))
    assert len(set(done)) == WAITING


async def test_the_loop_goes_on_meanwhile(hasher: Argon2Hasher) -> None:
    """Hashing happens on threads of its own."""
    names: list[str] = []
    await hasher._run(lambda: names.append(threading.current_thread().name))
    assert names[0].startswith("passwords")
