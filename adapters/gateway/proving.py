"""Trying a password: failures cost a client more and more time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.gateway.client_context import ClientContext
from chat_domain.errors import BadCredentials, TooManyFailures

T = TypeVar("T")


async def prove_throttled(
    context: ClientContext, who: int | str, prove: Callable[[], Awaitable[T]]
) -> T:
    """What `prove` returns, for the account that the client called `who`.

    Raises what it raises, and TooManyFailures. See `chat_domain.fairness.attempts`.
    """
    clock = context.chat.clock.monotonic
    attempts, counters = context.guard.attempts, context.guard.counters
    try:
        attempt = attempts.begin(who, context.origin.name, clock())
    except TooManyFailures:
        counters.logins_refused += 1
        raise
    try:
        if attempt.wait:
            counters.logins_delayed += 1
            await asyncio.sleep(attempt.wait)
            context.check_connected()  # a client that has left costs no hashing
        result = await prove()
    except BadCredentials as refusal:
        counters.failed_logins += 1
        if not refusal.tried:
            attempts.cancel(attempt)
        raise
    except BaseException:
        attempts.cancel(attempt)
        raise
    attempts.succeeded(attempt, clock())
    return result
