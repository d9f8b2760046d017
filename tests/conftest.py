"""What holds for all tests."""

import gc

COLLECTED_AFTER = 50_000  # new objects


def pytest_collection_finish() -> None:
    """Let the garbage collector ignore what pytest has made of four thousand tests, and run less
    often: otherwise it takes a seventh of the time. What a test leaves open is still found."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, 20, 50)
