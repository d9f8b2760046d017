"""A cluster of nodes that break a promise on purpose."""

import os
import subprocess
import sys
from typing import Any

from tests.integration.cluster import Cluster, NodeProcess
from tests.integration.server_process import ROOT


class BrokenNode(NodeProcess):
    """See `tests.delivery.broken_node` for how it can be broken."""

    def __init__(self, how: str, store: str, *options: str) -> None:
        super().__init__(store, *options)
        self._how = how

    def start(self) -> None:
        before = len(self.log)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.delivery.broken_node", self._how),
                *(str(self.port), *self._arguments),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._await_port(before)


class BrokenCluster(Cluster):
    def __init__(self, how: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._how = how

    def new_node(self, *options: str) -> NodeProcess:
        node = BrokenNode(self._how, self.store, *self.node_options, *options)
        self._stack.enter_context(node)
        self.nodes.append(node)
        return node
