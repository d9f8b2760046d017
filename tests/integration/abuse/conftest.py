"""At the end of the run: what the bystanders felt."""

import pytest

from tests.integration.abuse.bystanders import FELT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FELT:
        terminalreporter.section("what bystanders felt")
        for felt in FELT:
            terminalreporter.write_line(str(felt))
