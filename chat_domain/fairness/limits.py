"""What the server lets one client, one address and all clients together do. 0 lifts a limit.

A connection on which nobody is logged in is a stranger's. It may send STRANGERS_PART of the frames
and bytes per second of a user's, and register that part of its address's accounts per hour.
"""

import attrs

MIB = 1024 * 1024
STRANGERS_PART = 0.1

# A stranger's bytes in one frame, and bytes that may wait to be handled. A LOGIN with the longest
# name and password has 2,200 bytes if each of their characters is written as two escapes.
STRANGERS_FRAME = 8 * 1024
STRANGERS_UNREAD = 8 * 1024


@attrs.frozen(kw_only=True)
class Limits:
    """docs/security.md gives the reason for each default."""

    connections: int = 10_000
    connections_per_address: int = 1_000
    known_share: int = 25
    login_seconds: int = 30
    menu_seconds: int = 600
    failed_logins: int = 3
    registrations_per_hour: int = 200
    frames_per_second: int = 500
    bytes_per_second: int = MIB
    address_share: int = 20
    friends_per_user: int = 5_000
    groups_per_user: int = 1_000
    members_per_group: int = 5_000
    waiting_from_unlisted: int = 1_000
    conversations_per_user: int = 5_000
    strangers_mib: int = 16
    unsent_mib: int = 512
    hashing_jobs: int = 200


UNLIMITED = Limits(**dict.fromkeys(attrs.fields_dict(Limits), 0))


@attrs.define
class Counters:
    """How often each limit was hit in this process. They only grow."""

    connections_refused: int = 0  # the node was full
    connections_refused_by_address: int = 0
    never_logged_in: int = 0  # connections closed for it
    failed_logins: int = 0
    logins_delayed: int = 0
    logins_refused: int = 0  # too many failures
    registrations_refused: int = 0
    registrations_closed: int = 0  # attempts at a server that takes none
    reading_paused: int = 0
    too_fast_cut: int = 0
    strangers_cut: int = 0  # too much from them waited to be handled
    unsent_cut: int = 0  # too much waited to be sent to all clients
    friends_refused: int = 0
    groups_refused: int = 0
    conversations_refused: int = 0
    members_refused: int = 0
    hashing_refused: int = 0
    handshakes_failed: int = 0  # of TLS
    tokens_reused: int = 0  # after their successors, which ended their sessions
