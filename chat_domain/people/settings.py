"""Users' own settings, for all their devices.

Every node caches the settings that it has looked up, and is told of changes by notes. It then looks
them up again, since two notes can arrive in another order than the changes were made. If notes may
have been lost, it forgets them all; while it is not receiving, it looks them up each time.
"""

import attrs

from chat_domain.entries import is_group
from chat_domain.errors import NotMember
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.model import Muting, Preferences
from chat_domain.notes import SettingsChanged
from chat_domain.ports.cluster import Broker
from chat_domain.ports.store import Settings

REMEMBERED = 10_000  # users


@attrs.define(eq=False)
class OwnSettings:
    settings: Settings
    sessions: Sessions
    broker: Broker
    _cache: dict[int, Preferences] = attrs.field(factory=dict, init=False)
    _changes: int = attrs.field(default=0, init=False)  # that this node has made or was told of

    async def of(self, user_id: int) -> Preferences:
        """A user's settings. Raises TryAgain."""
        cache, changes = self._cache, self._changes
        if user_id in cache and self.broker.is_receiving():
            return cache[user_id]
        found = await self.settings.of(user_id)
        if changes != self._changes:  # this may be the old state
            return await self.settings.of(user_id)
        if self.broker.is_receiving():
            if len(cache) >= REMEMBERED:
                cache.clear()
            cache[user_id] = found
        return found

    async def change(
        self, session: Session, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        """Change what is not None; return the settings then. The user's other sessions are told,
        and so are the other nodes: even if it was so before, a change by one of them may have come
        between. Raises TryAgain."""
        user_id = session.user.id
        after = await self.settings.set(user_id, hide_read=hide_read, hide_typing=hide_typing)
        if hide_read is None and hide_typing is None:
            return after
        self._invalidate(user_id)
        self._tell_all(session, SettingsChanged(user_id, after, None))
        return after

    async def mute(self, session: Session, conv: int, muted: bool | None) -> Muting:
        """Mute or unmute a conversation for the user, unless `muted` is None; return what holds
        then. If there is no such conversation yet, nothing is stored. The user's other sessions are
        told. Raises TryAgain, and NotMember for a group that they never were in."""
        user_id = session.user.id
        before = await self.settings.mute(user_id, conv, None)
        if before is None and is_group(conv):
            raise NotMember(conv)
        if before is None or muted is None or muted is before:
            return Muting(conv, bool(before))
        await self.settings.mute(user_id, conv, muted)
        muting = Muting(conv, muted)
        self._tell_all(session, SettingsChanged(user_id, await self.of(user_id), muting))
        return muting

    def on_note(self, note: SettingsChanged) -> None:
        """A user has changed their settings on another node."""
        self._invalidate(note.user_id)
        self._tell(note)

    def forget(self) -> None:
        """Notes may have been lost."""
        self._cache = {}
        self._changes += 1

    def _invalidate(self, user_id: int) -> None:
        self._cache.pop(user_id, None)
        self._changes += 1

    def _tell_all(self, by: Session, note: SettingsChanged) -> None:
        self._tell(note, by)
        self.broker.broadcast(note)

    def _tell(self, note: SettingsChanged, by: Session | None = None) -> None:
        for session in self.sessions.of(note.user_id):
            if session.ready and session is not by:
                session.client.settings_changed(note.preferences, note.muting)
