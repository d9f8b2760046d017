"""`--check-config`: showing the settings before a server is started or restarted with them."""

import sys
from collections.abc import Iterator, Sequence

import attrs

from adapters.faults.startup_errors import BrokerUnusable, StoreUnusable
from entrypoints.bootstrap import broker_kind, open_store
from entrypoints.declaring import BadSettings, without_password
from entrypoints.process import WRONG_USE, say, unwritten
from entrypoints.protocols import certificate_of
from entrypoints.settings import Settings, secret_names
from entrypoints.sources import no_such_setting


def check_and_print(settings: Settings, unknown: Sequence[str] = ()) -> int:
    """Print the settings, or what is wrong with them; return the exit status. Connects to nothing.

    unknown: environment variables that have no effect. They are no error, but seldom intended.
    """
    for name in unknown:
        _complain(no_such_setting(name))
    try:
        _check(settings)
    except BadSettings as error:
        _complain(error)
        return WRONG_USE
    try:
        for line in description(settings):
            say(line)
        sys.stdout.flush()
    except OSError as error:
        why = unwritten(error)
        if why is not None:
            _complain(f"the settings cannot be written: {why}")
            return 1
    return 0


def _complain(why: object) -> None:
    print(f"chat server: {why}", file=sys.stderr)  # noqa: T201  # for the operator who typed the command


def _check(settings: Settings) -> None:
    """Check what would otherwise fail only when used. Raises BadSettings."""
    check_addresses(settings)
    certificate_of(settings)


def check_addresses(settings: Settings) -> None:
    """Check the addresses of the store and the broker. Raises BadSettings."""
    open_store(settings)
    if settings.store.startswith("mysql:"):
        check_mysql_address(settings.store)
    if broker_kind(settings) == "redis":
        from adapters.redis import client_of  # noqa: PLC0415  # as in `bootstrap`

        try:
            client_of(settings.broker)
        except BrokerUnusable as error:
            raise BadSettings(str(error)) from None


def check_mysql_address(url: str) -> None:
    """Raises BadSettings."""
    from adapters.mysql.address import Address  # noqa: PLC0415  # as in `bootstrap`

    try:
        Address.parse(url)
    except StoreUnusable as error:
        raise BadSettings(str(error)) from None


def description(settings: Settings) -> Iterator[str]:
    """A line for each setting, valid in a TOML file except for passwords, which are left out."""
    secret = set(secret_names())
    for name, value in attrs.asdict(settings).items():
        mark = "" if value != attrs.fields_dict(Settings)[name].default else "  # default"
        yield f"{name} = {_shown(without_password(value) if name in secret else value)}{mark}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + str(value).replace('"', '\\"') + '"'
