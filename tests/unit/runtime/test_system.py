"""Ids and time from the operating system."""

from adapters.runtime.system import AT_ONE_TIME, RandomIds


def test_cids_sort_in_the_order_in_which_they_were_made() -> None:
    """They do within a millisecond and even if the clock is set back; none is given twice."""
    times = [1000, 1000, 1001, 999, 1002]
    ids = RandomIds(iter(times).__next__)
    cids = [ids.cid() for _ in range(len(times) * AT_ONE_TIME)]
    assert cids == sorted(set(cids))


def test_cids_begin_with_a_recent_time() -> None:
    """The clock is read again for one in so many."""
    ids = RandomIds(iter([0xABC, 0xABD]).__next__)
    cids = [ids.cid() for _ in range(AT_ONE_TIME + 1)]
    assert cids[0].startswith("000000000abc-")
    assert cids[-1].startswith("000000000abd-")


def test_two_processes_give_different_cids() -> None:
    """They do even in the same millisecond."""
    assert RandomIds(lambda: 1000).cid() != RandomIds(lambda: 1000).cid()
