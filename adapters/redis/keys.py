"""The names of everything that is stored in Redis, and of the channels.

| key | what it holds |
| --- | --- |
| P:nodes | a set: the ids of the nodes that are or were there and are not cleared away yet |
| P:lease:NODE | exists while the node has its lease |
| P:present:NODE | a set: the ids of the users who have sessions on this node |
| P:slot:ID | the claim of this user's slot (see `Claim`): node and session, with a bar between |
| P:claims:NODE | a set: the ids of the users whose slots this node claims |
| P:born | exists unless Redis has lost its keys |
| P:settling | exists for a lease's time after that: no new claims, and no complete presence |

Channels: P:all for all notes. Nothing is published on P:leased: every node that has had a lease
listens there, so that a node that starts can count them.
"""

import attrs


@attrs.frozen
class Keys:
    """The prefix P, and the channels. The scripts make the names of the keys themselves."""

    prefix: str

    @property
    def everybody(self) -> str:
        return f"{self.prefix}:all"

    @property
    def leased(self) -> str:
        return f"{self.prefix}:leased"
