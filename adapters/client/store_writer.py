"""Writing to a store on a thread of its own, in the order of the calls.

What arrives while the thread commits is committed next, together. The `then` of each write is
called once it is on disk, in the loop's thread and in the same order, so that the program acts only
on what its next run would find. After the first failure nothing more is written, and
`on_failure` is called. `on_idle` is called when everything is written. Writes after `close` are
dropped, as if the program had ended before.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from adapters.client.errors import StoreError
from adapters.client.store import Store

Do = Callable[[Store], None]
Then = Callable[[], None]


def _nothing(*_: object) -> None:
    pass


class StoreWriter:
    def __init__(
        self, store: Store, on_failure: Callable[[StoreError], None], on_idle: Then
    ) -> None:
        self._store = store
        self._on_failure = on_failure
        self._on_idle = on_idle
        self._thread = ThreadPoolExecutor(1, "client-store")
        self._waiting: list[tuple[Do | None, Then]] = []
        self._task: asyncio.Task[None] | None = None
        self._is_over = False  # closed, or failed
        self._watching: set[asyncio.Future[None]] = set()
        self.size = 0

    def write(self, do: Do, then: Then = _nothing) -> None:
        """Write something; `then` is called once it is committed."""
        self._put(do, then)

    def after(self, then: Then) -> None:
        """Call `then` once everything written so far is committed."""
        if self._task is None:
            then()
        else:
            self._put(None, then)

    async def flush(self) -> None:
        """Wait until everything written so far is committed, or has failed."""
        if self._task is None or self._is_over:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watching.add(done)
        self._put(None, lambda: self._let_go({done}))
        await done

    def _let_go(self, watching: Collection[asyncio.Future[None]]) -> None:
        self._watching.difference_update(watching)
        for done in watching:
            if not done.done():
                done.set_result(None)

    async def close(self) -> None:
        await self.flush()
        self._is_over = True
        if self._task is not None:  # for writes that were caused by the last ones
            await asyncio.wait([self._task])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()

    def _put(self, do: Do | None, then: Then) -> None:
        if self._is_over:
            return
        self.size += 1
        self._waiting.append((do, then))
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            work = [do for do, _ in batch if do is not None]
            try:
                if work:
                    await loop.run_in_executor(self._thread, _commit, self._store, work)
            except StoreError as exc:
                self._fail(exc)
                return
            for _, then in batch:
                self.size -= 1
                then()
        self._task = None
        self._on_idle()

    def _fail(self, error: StoreError) -> None:
        self._is_over = True
        self._waiting.clear()
        self._on_failure(error)
        self._let_go(list(self._watching))
        self._task = None


def _commit(store: Store, work: Sequence[Do]) -> None:
    store.begin()
    for do in work:
        do(store)
    store.commit()
