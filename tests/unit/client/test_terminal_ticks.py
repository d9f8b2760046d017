"""Which messages get their second tick, and when."""

from adapters.terminal.ticks import Sent, Ticks


class Shown(list[tuple[str, int]]):
    """What was shown: each text with the number of messages before it."""

    def got(self, last: Sent, before: int) -> None:
        self.append((last.text, before))


def sent(at: int, to: int = 15) -> Sent:
    return Sent(at, to, "li si", f"at {at}")


def test_a_mark_covers_what_was_written_to_its_user_up_to_its_position() -> None:
    """Each message is covered once, and the last one is named."""
    shown = Shown()
    ticks = Ticks(shown.got)
    for message in (sent(2), sent(4), sent(3, to=16), sent(6)):
        assert not ticks.sent(message)
    ticks.marked(15, 5)
    ticks.marked(15, 5)
    assert shown == [("at 4", 1)]
    ticks.marked(16, 9)
    ticks.marked(15, 9)
    assert shown == [("at 4", 1), ("at 3", 0), ("at 6", 0)]


def test_a_mark_can_come_before_the_answer_is_shown() -> None:
    """The message then has both ticks at once."""
    ticks = Ticks(Shown().got)
    ticks.marked(15, 5)
    ticks.marked(15, 4)
    assert ticks.sent(sent(5))
    assert not ticks.sent(sent(6))
    assert not ticks.sent(sent(5, to=16))


def test_positions_that_mean_nothing_any_more_are_forgotten() -> None:
    """Earlier messages stay at one tick."""
    shown = Shown()
    ticks = Ticks(shown.got)
    ticks.sent(sent(6))
    ticks.marked(16, 9)
    ticks.reset_positions()
    ticks.marked(15, 9)
    assert shown == []
    assert not ticks.sent(sent(7, to=16))


def test_a_thousand_messages_and_marks_are_remembered() -> None:
    """The oldest ones are forgotten first."""
    shown = Shown()
    ticks = Ticks(shown.got)
    for at in range(1, 1_002):
        ticks.sent(sent(at))
    ticks.marked(15, 2_000)
    assert shown == [("at 1001", 999)]
    for user_id in range(100, 1_100):
        ticks.marked(user_id, 5)
    assert not ticks.sent(sent(5, to=15))
    assert ticks.sent(sent(5, to=100))
