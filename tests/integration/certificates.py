"""Certificates for this machine, and an authority that clients can trust."""

import ssl
from pathlib import Path
from typing import Self

import attrs
import trustme


@attrs.frozen
class Files:
    """A certificate authority, and the files of the server's certificate."""

    authority: trustme.CA
    cert: Path
    key: Path

    @classmethod
    def issued(cls, directory: Path) -> Self:
        """Make a certificate of a new authority."""
        files = cls(trustme.CA(), directory / "cert.pem", directory / "key.pem")
        files.issue(files.authority)
        return files

    def issue(self, authority: trustme.CA) -> None:
        issued = authority.issue_cert("127.0.0.1")
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))

    def trusting(self, authority: trustme.CA | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context()
        (authority or self.authority).configure_trust(context)
        return context

    def options(self) -> list[str]:
        """The options by which a server uses the certificate."""
        return ["--tls-cert", str(self.cert), "--tls-key", str(self.key)]
