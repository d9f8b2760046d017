"""The seed alone decides the plan of faults, and everything that it breaks works again in time."""

import itertools

from tests.delivery.schedule import (
    CLUSTER_FAULTS,
    CONNECTION_FAULTS,
    LOSS,
    NOTES_FAULTS,
    describe,
    plan,
)

KINDS = {LOSS, *NOTES_FAULTS, *(what for what, *_ in (*CLUSTER_FAULTS, *CONNECTION_FAULTS))}


def test_the_seed_decides_the_plan() -> None:
    assert plan(7, 60, 3, 12) == plan(7, 60, 3, 12)
    assert plan(7, 60, 3, 12) != plan(8, 60, 3, 12)


def test_a_minute_is_enough_for_most_faults_and_ten_for_all() -> None:
    assert len({fault.what for fault in plan(7, 60, 3, 12)}) > len(KINDS) / 2
    assert {fault.what for fault in plan(7, 600, 3, 12)} >= KINDS


def test_no_fault_lasts_longer_than_the_run() -> None:
    assert all(fault.end <= 60 for seed in range(50) for fault in plan(seed, 60, 3, 12))


def test_what_is_broken_is_not_broken_a_second_time() -> None:
    faults = [fault for fault in plan(7, 3600, 3, 12) if fault.owner != "door"]
    assert sum(fault.what == LOSS for fault in faults) == 60
    faults.sort(key=lambda fault: (fault.owner, fault.target, fault.at))
    for first, second in itertools.pairwise(faults):
        if (first.owner, first.target) == (second.owner, second.target):
            assert first.end <= second.at


def test_the_plan_can_be_read() -> None:
    assert "node killed" in describe(plan(7, 60, 3, 12))
