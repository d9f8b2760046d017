"""The server's certificate: read from its files, looked at, and read anew."""

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()

_NOT_YET, _NO_MORE = 9, 10  # OpenSSL's numbers for a certificate out of its time
_FLIGHTS = 4  # how often a handshake goes to and fro, at most

_MISMATCH = "KEY_VALUES_MISMATCH"


class BadCertificate(Exception):
    """One line for whoever named the files."""


class Certificate:
    """What clients are shown, which may be replaced while connections go on."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises BadCertificate. One that is out of its time is taken: not everybody looks."""
        self.context = _load(chain, key)
        trouble = _out_of_time(self.context, chain)
        if trouble:
            log.error("clients will refuse the certificate", file=str(chain), why=trouble)


def load_in_time(chain: Path, key: Path) -> ssl.SSLContext:
    """What is in these files. Raises BadCertificate, also for one that is out of its time."""
    context = _load(chain, key)
    trouble = _out_of_time(context, chain)
    if trouble:
        raise BadCertificate(f"{chain}: {trouble}")
    return context


def _load(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    asked = False

    def passphrase() -> bytes:  # or OpenSSL would ask on the terminal, and the server wait
        nonlocal asked
        asked = True
        return b""

    try:
        context.load_cert_chain(chain, key, password=passphrase)
    except (OSError, ValueError) as error:
        why = "the key has a passphrase, and nobody to type it" if asked else _words(error)
        raise BadCertificate(f"{chain}, {key}: {why}") from error
    return context


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == _MISMATCH:
            return "the key is not that of the certificate"
        return error.reason or "no certificate and key in PEM format"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _out_of_time(server: ssl.SSLContext, chain: Path) -> str:
    """Why nobody would take this certificate today; empty if it is in its time.

    Found out by a client that trusts just this one, over no network.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(chain)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for end in ends * _FLIGHTS:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            if error.verify_code in (_NOT_YET, _NO_MORE):
                return error.verify_message
            break
        except ssl.SSLError:
            break
    return ""
