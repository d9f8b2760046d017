"""Reading the settings again while the server runs, on SIGHUP.

A setting whose metadata says `reloads` takes effect at once, also for existing connections. For the
others, the log says that they take effect with the next start. If any setting is invalid, nothing
changes.
"""

import os
import signal
from collections.abc import Callable, Sequence

import attrs
import structlog

from adapters.faults.startup_errors import BrokerUnusable, StoreUnusable
from adapters.gateway.gateway import Gateway
from adapters.tcp.certificate import Certificate
from entrypoints.checking import check_addresses
from entrypoints.declaring import BadSettings
from entrypoints.limits import affordable
from entrypoints.logs import THRESHOLD
from entrypoints.protocols import Entrance, new_certificate
from entrypoints.settings import Settings

log = structlog.get_logger()

_OF_TLS = {"tls_cert", "tls_key"}  # they may change, but TLS cannot be turned on or off


@attrs.define
class Configuration:
    """The current settings. A watcher of workers also has one, for workers that it will start.

    read: reads the settings from where the server got them. Raises BadSettings.
    take: applies the settings that reload. Raises BadSettings, and then applies none of them.
    """

    settings: Settings
    _read: Callable[[], Settings]
    _take: Callable[[Settings], object]
    _has_terminal: bool = attrs.field(factory=lambda: os.isatty(0), init=False)

    def on_sighup(self) -> bool:
        """Handle SIGHUP; return whether new settings are in effect.

        The signal also comes when the terminal that started the server is closed, which ends the
        server.
        """
        if self._has_terminal and not os.isatty(0):
            signal.raise_signal(signal.SIGTERM)
            return False
        return self.reload()

    def reload(self) -> bool:
        """Read the settings and apply them; return whether they are valid."""
        try:
            found = self._read()
            check_addresses(found)
            changed, left = changes(self.settings, found)
            settings = attrs.evolve(
                self.settings, **{name: getattr(found, name) for name in changed}
            )
            self._take(settings)
        except (BadSettings, StoreUnusable, BrokerUnusable) as error:
            # The old settings stay in effect; this line says everything.
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
                log.warning("these settings take effect at the next start", settings=left)
        return True


def changes(old: Settings, new: Settings) -> tuple[Sequence[str], Sequence[str]]:
    """The names of the settings that differ: those that reload, and those that do not."""
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
    """Apply these settings to a running server. Raises BadSettings before it applies any."""
    context = new_certificate(settings)
    if certificate and context:
        certificate.context = context
        log.info("certificate reloaded", file=settings.tls_cert)
    limits = affordable(settings.limits())
    guard = gateway.shared.guard
    guard.set_limits(limits, registration_open=settings.registration == "open")
    for handler in gateway:
        handler.context.meter.set_limits(limits)
    gateway.shared.chat.retention.keep_days = settings.keep_days
    entrance.proxies.networks = settings.proxy_networks()
    entrance.access.origins = settings.origins()
