"""Alerts and dashboard ask for metrics that the server really has."""

import re
from collections.abc import AsyncIterator

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from entrypoints.bootstrap import open_gateway
from entrypoints.operating import pages
from entrypoints.settings import Settings
from tests.unit.infra.files import expressions

ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
OF_PROMETHEUS = {"up", "ALERTS"}
NAME = re.compile(r"\b(?:chat|process)_[a-z_]+\b|\bup\b|\bALERTS\b")
MATCHER = re.compile(rf"({NAME.pattern})\{{([^}}]*)\}}")


@pytest.fixture
async def families() -> AsyncIterator[list[Metric]]:
    """The metrics of a server that has just started and was asked whether it is ready."""
    settings = Settings(store="memory://", hashing="cheap", http_port=1)
    async with open_gateway(settings) as gateway:
        page = pages(gateway)
        await page["/readyz"]()
        metrics = await page["/metrics"]()
        yield list(text_string_to_metric_families(metrics.text.decode()))


async def test_every_number_exists(families: list[Metric]) -> None:
    """A misspelt one would be no error, but an alert that never fires."""
    known = {family.name + ending for family in families for ending in ENDINGS.get(family.type, ())}
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert asked - OF_PROMETHEUS <= known


async def test_every_label_has_its_value(families: list[Metric]) -> None:
    """An example is queue="hashing", if an alert means one of several."""
    samples = [sample for family in families for sample in family.samples]
    known = {(sample.name, *label) for sample in samples for label in sample.labels.items()}
    asked = {
        (name, label, value)
        for expression in expressions()
        for name, matchers in MATCHER.findall(expression)
        for label, value in re.findall(r'(\w+)!?="([^"$]+)"', matchers)
        if name not in OF_PROMETHEUS and label != "job"
    }
    assert asked
    assert {(_counted(name), label, value) for name, label, value in asked} <= known


def _counted(name: str) -> str:
    """The sample of a histogram's three that always exists."""
    return re.sub("_(bucket|sum)$", "_count", name)
