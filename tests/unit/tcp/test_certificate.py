"""Which certificate files the server accepts, and what it says about others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from structlog.testing import capture_logs

from adapters.tcp.certificate import BadCertificate, Certificate, load_valid

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@attrs.frozen
class Files:
    chain: Path
    key: Path

    def issue(self, not_before: datetime = NOW - DAY, not_after: datetime = NOW + DAY) -> None:
        issued = trustme.CA().issue_cert("127.0.0.1", not_before=not_before, not_after=not_after)
        self.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.key.write_bytes(issued.private_key_pem.bytes())

    def another_key(self) -> None:
        self.key.write_bytes(trustme.CA().private_key_pem.bytes())

    def read(self) -> Certificate:
        return Certificate(self.chain, self.key)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path / "cert.pem", tmp_path / "key.pem")
    files.issue()
    return files


def test_a_key_with_a_passphrase_is_called_so(files: Files) -> None:
    """OpenSSL would ask for the passphrase on the terminal, where nobody may be."""
    key = load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    with pytest.raises(BadCertificate, match="passphrase"):
        files.read()


def test_a_key_of_another_certificate_is_called_so(files: Files) -> None:
    """A half-finished renewal can leave such a pair."""
    files.another_key()
    with pytest.raises(BadCertificate, match="does not belong to the certificate"):
        files.read()


@pytest.mark.parametrize("text", ["", "this is none"])
def test_what_is_no_certificate_is_called_so(files: Files, text: str) -> None:
    """The error names the files."""
    files.chain.write_text(text)
    with pytest.raises(BadCertificate, match=r"cert\.pem.*PEM"):
        files.read()


@pytest.mark.parametrize(
    ("begins", "ends", "trouble"),
    [(NOW - 2 * DAY, NOW - DAY, "expired"), (NOW + DAY, NOW + 2 * DAY, "not yet valid")],
)
def test_one_out_of_its_time_is_not_taken_anew(
    files: Files, begins: datetime, ends: datetime, trouble: str
) -> None:
    """At the start there is no other, so the server uses it all the same, and logs an error."""
    files.issue(begins, ends)
    with pytest.raises(BadCertificate, match=trouble):
        load_valid(files.chain, files.key)
    with capture_logs() as lines:
        files.read()
    (line,) = lines
    assert line["log_level"] == "error"
    assert trouble in line["why"]


def test_one_in_its_time_is(files: Files) -> None:
    """Nothing is logged at the start."""
    with capture_logs() as lines:
        files.read()
    assert lines == []
    assert load_valid(files.chain, files.key)
