"""The server's certificate: loaded from its files, checked, and replaced."""

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()

_NOT_YET, _NO_MORE = 9, 10  # OpenSSL's codes for a certificate outside its validity period
_FLIGHTS = 4  # the most flights in a handshake

_MISMATCH = "KEY_VALUES_MISMATCH"


class BadCertificate(Exception):
    """`str()` of it is one line for the operator who named the files."""


class Certificate:
    """The certificate in use, which may be replaced while connections go on."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises BadCertificate. One outside its validity period is accepted, and the operator is
        told: not every client checks."""
        self.context = _load(chain, key)
        trouble = _validity_error(self.context, chain)
        if trouble:
            log.error("clients will refuse the certificate", file=str(chain), why=trouble)


def load_valid(chain: Path, key: Path) -> ssl.SSLContext:
    """The certificate in these files. Raises BadCertificate, also outside its validity period."""
    context = _load(chain, key)
    trouble = _validity_error(context, chain)
    if trouble:
        raise BadCertificate(f"{chain}: {trouble}")
    return context


def _load(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    asked = False

    def passphrase() -> bytes:  # else OpenSSL would prompt on the terminal and block
        nonlocal asked
        asked = True
        return b""

    try:
        context.load_cert_chain(chain, key, password=passphrase)
    except (OSError, ValueError) as error:
        why = "the key has a passphrase; remove it" if asked else _words(error)
        raise BadCertificate(f"{chain}, {key}: {why}") from error
    return context


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == _MISMATCH:
            return "the key does not belong to the certificate"
        return error.reason or "no certificate and key in PEM format"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _validity_error(server: ssl.SSLContext, chain: Path) -> str:
    """Why clients would refuse this certificate today; empty if it is within its validity period.

    Checked by a handshake in memory with a client that trusts only this certificate.
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
