"""Ids and time from the operating system."""

from adapters.system import READY, RandomIds


def test_cids_sort_in_the_order_in_which_they_were_made() -> None:
    """They do within a millisecond and even if the clock is set back; none is given twice."""
    times = [1000] * (2 * READY) + [1001] * 3 + [999] * 3 + [1002]
    ids = RandomIds(iter(times).__next__)
    cids = [ids.cid() for _ in times]
    assert cids == sorted(set(cids))


def test_two_processes_give_different_cids() -> None:
    """They do even in the same millisecond."""
    assert RandomIds(lambda: 1000).cid() != RandomIds(lambda: 1000).cid()
