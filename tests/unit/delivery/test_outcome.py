"""A run that fails by itself does not count as a broken promise."""

import pytest

from tests.delivery import faults
from tests.delivery.faults import start_node
from tests.delivery.outcome import BROKEN, KEPT, NO_VERDICT, CannotGoOn, status_of
from tests.integration.cluster import NodeProcess


class SlowNode(NodeProcess):
    """A node whose start fails so many times before it succeeds."""

    def __init__(self, failures: int) -> None:
        self.port = 6000
        self.failures = failures
        self.runs = False

    def launch(self) -> None:
        assert not self.runs
        self.runs = True

    def wait_until_ready(self) -> None:
        if self.failures:
            self.failures -= 1
            raise AssertionError

    def kill(self) -> None:
        self.runs = False


@pytest.mark.parametrize(("kept", "status"), [(True, KEPT), (False, BROKEN)])
def test_a_verdict_is_told(kept: bool, status: int) -> None:
    assert status_of(lambda: kept) == status


def test_no_verdict_is_told_by_a_status_and_words_of_its_own(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail() -> bool:
        raise CannotGoOn("node 2 is tired")

    assert status_of(fail) == NO_VERDICT
    last = capfd.readouterr().out.splitlines()[-1]
    assert last.startswith("NO VERDICT")
    assert last.endswith("node 2 is tired")


async def test_a_node_that_does_not_start_at_once_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faults, "_RETRIED_AFTER", 0.0)
    node = SlowNode(failures=1)
    await start_node(node)
    assert node.runs


async def test_a_node_that_never_starts_is_no_broken_promise() -> None:
    node = SlowNode(failures=1_000_000)
    with pytest.raises(CannotGoOn, match="port 6000"):
        await start_node(node, within=0.0)
    assert not node.runs
