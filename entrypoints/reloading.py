"""Settings that are read anew while the server runs, on SIGHUP.

A setting whose metadata say `reloads` counts at once, for those who are connected as well. Of the
others the log says that they count from the next start on. What is wrong anywhere in what was read
has nothing of it count.
"""

import os
import signal
from collections.abc import Callable, Sequence

import attrs
import structlog

from adapters.gateway.gateway import Gateway
from adapters.tcp.certificate import Certificate
from adapters.unusable import BrokerUnusable, StoreUnusable
from entrypoints.checking import check_addresses
from entrypoints.declaring import BadSettings
from entrypoints.limits import affordable
from entrypoints.logs import THRESHOLD
from entrypoints.protocols import Entrance, new_certificate
from entrypoints.settings import Settings

log = structlog.get_logger()

_OF_TLS = {"tls_cert", "tls_key"}  # they may change, but not begin and not end


@attrs.define
class Configuration:
    """The settings that count now. A worker's watcher has one as well, for those that it starts.

    read: finds the settings where the server has them from. Raises BadSettings.
    take: has such as reload count. Raises BadSettings, and then nothing of them does.
    """

    settings: Settings
    _read: Callable[[], Settings]
    _take: Callable[[Settings], object]
    _has_terminal: bool = attrs.field(factory=lambda: os.isatty(0), init=False)

    def hung_up(self) -> bool:
        """SIGHUP has come; return whether new settings count now.

        It comes also when the terminal is closed on which the server was started: then it ends.
        """
        if self._has_terminal and not os.isatty(0):
            signal.raise_signal(signal.SIGTERM)
            return False
        return self.reload()

    def reload(self) -> bool:
        """Let the settings count as they can be read now; return whether they are any good."""
        try:
            found = self._read()
            check_addresses(found)
            changed, left = changes(self.settings, found)
            settings = attrs.evolve(
                self.settings, **{name: getattr(found, name) for name in changed}
            )
            self._take(settings)
        except (BadSettings, StoreUnusable, BrokerUnusable) as error:
            # the old one goes on to count, and the line says all
            log.error(  # noqa: TRY400
                "configuration not reloaded, the old one stays", why=str(error)
            )
            return False
        self.settings = settings
        if "log_level" in changed:
            THRESHOLD.set(settings.log_level)
        with THRESHOLD.lifted():
            log.info("configuration reloaded", changed=changed)
            if left:
                log.warning("these settings count from the next start on", settings=left)
        return True


def changes(old: Settings, new: Settings) -> tuple[Sequence[str], Sequence[str]]:
    """What differs by name: settings that reload, and those that do not."""
    kept = set() if bool(old.tls_cert) == bool(new.tls_cert) else _OF_TLS
    changed: list[str] = []
    left: list[str] = []
    for field in attrs.fields(Settings):
        if getattr(old, field.name) != getattr(new, field.name):
            reloads = field.metadata.get("reloads") and field.name not in kept
            (changed if reloads else left).append(field.name)
    return changed, left


def take(
    settings: Settings, gateway: Gateway, entrance: Entrance, certificate: Certificate | None
) -> None:
    """Have these settings count in a server that runs. Raises BadSettings, before any does."""
    context = new_certificate(settings)
    if certificate and context:
        certificate.context = context
        log.info("certificate reloaded", file=settings.tls_cert)
    limits = affordable(settings.limits())
    guard = gateway.shared.guard
    guard.change(limits, registration_open=settings.registration == "open")
    for conversation in gateway:
        conversation.talk.meter.change(limits)
    gateway.shared.chat.retention.keep_days = settings.keep_days
    entrance.proxies.networks = settings.proxy_networks()
    entrance.access.origins = settings.origins()
