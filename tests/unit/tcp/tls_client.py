"""A client of `TlsTransport` without a network. It can also do what no honest client does."""

import asyncio
import re
import ssl
import struct
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from adapters.tcp.tls import TlsTransport
from tests.unit.tcp.outside import Outside

_HANDSHAKE, _KEY_UPDATE = 22, b"\x18\0\0\1\0"


class TlsClient:
    def __init__(self, secured: TlsTransport, outside: Outside, keys: Path) -> None:
        """keys: the file for its secrets."""
        self._secured, self._outside, self._keys = secured, outside, keys
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which loads no authorities
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.keylog_filename = str(keys)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)

    async def shake_hands(self) -> None:
        for _ in range(2):
            with suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
            await self.send(self._out.read())
            self._in.write(self._outside.written)
            self._outside.written = b""

    async def send(self, data: bytes) -> None:
        self._secured.data_received(data)
        await asyncio.sleep(0)

    def sealed(self, data: bytes) -> bytes:
        """This data, as a record."""
        self._tls.write(data)
        return self._out.read()

    def opened(self, size: int) -> bytes:
        """This many bytes of what it was sent."""
        self._in.write(self._outside.written)
        self._outside.written = b""
        found = b""
        while len(found) < size:
            found += self._tls.read(size)
        return found

    def good_bye(self) -> bytes:
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._out.read()

    def new_keys(self, times: int) -> bytes:
        """Records that announce new keys this many times. Afterwards, the client cannot send
        anything itself."""
        assert self._tls.cipher() == ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)
        secret = self._secret()
        said = b""
        for _ in range(times):
            message = _KEY_UPDATE + bytes([_HANDSHAKE])
            head = b"\x17\3\3" + struct.pack(">H", len(message) + 16)
            key, nonce = _expanded(secret, b"key", 32), _expanded(secret, b"iv", 12)
            said += head + AESGCM(key).encrypt(nonce, message, head)
            secret = _expanded(secret, b"traffic upd", 48)
        return said

    def _secret(self) -> bytes:
        """The secret from which the keys for its own records are derived."""
        found = re.search(
            r"^CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)$", self._keys.read_text(), re.MULTILINE
        )
        assert found
        return bytes.fromhex(found[1])


def _expanded(secret: bytes, label: bytes, size: int) -> bytes:
    """Expand a secret as in RFC 8446, 7.1."""
    label = b"tls13 " + label
    info = struct.pack(">HB", size, len(label)) + label + b"\0"
    return HKDFExpand(SHA384(), size, info).derive(secret)
