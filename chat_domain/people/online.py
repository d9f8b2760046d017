"""Who is online, as far as anybody knows."""

from collections.abc import Sequence

from chat_domain.errors import TryAgain
from chat_domain.ports.cluster import Presence


async def who_is_online(presence: Presence, user_ids: Sequence[int]) -> dict[int, bool | None]:
    """Whether each of these users is online; None for all of them while that cannot be found out.

    So a list can be shown without the presence of those on it.
    """
    try:
        online = await presence.where(user_ids, complete=True)
    except TryAgain:
        return dict.fromkeys(user_ids)
    return {user_id: user_id in online for user_id in user_ids}
