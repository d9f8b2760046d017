"""Whether this node may act on its sessions, or is suspended because it has lost its lease."""

import attrs

from chat_domain.ports.cluster import Lease


@attrs.define
class Standing:
    """suspended: the lease was lost, and the sessions are not claimed again yet."""

    lease: Lease
    suspended: bool = False

    def good(self) -> bool:
        """Whether messages may be pushed and users logged in."""
        return not self.suspended and self.lease.held()
