"""What the user types."""

import asyncio

import pytest
from prompt_toolkit.completion import DummyCompleter

from adapters.terminal.fullscreen.line_input import LineInput
from adapters.terminal.fullscreen.window import Window


async def typing(typed: LineInput, text: str, *, hidden: bool) -> asyncio.Task[str]:
    """A question whose answer is typed up to here."""
    asked = asyncio.create_task(typed.answer("old password: ", hidden=hidden))
    await asyncio.sleep(0)
    typed.answers.insert_text(text)
    return asked


@pytest.mark.parametrize(("hidden", "left"), [(True, ""), (False, "half")])
async def test_half_a_password_is_not_shown_once_nobody_asks_for_it(
    hidden: bool, left: str
) -> None:
    """This happens if the session is ended elsewhere, and the menu asks next. Another answer is
    kept, since it may have been typed ahead."""
    typed = LineInput(DummyCompleter(), lambda: Window(None, "chat"))
    asked = await typing(typed, "half", hidden=hidden)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert typed.answers.text == left


@pytest.mark.parametrize("put_aside", [False, True])
async def test_no_key_brings_back_an_answer(put_aside: bool) -> None:
    """It may be a password, and the next question may be one whose answer is shown."""
    typed = LineInput(DummyCompleter(), lambda: Window(None, "chat"))
    asked = await typing(typed, "secret", hidden=True)
    if put_aside:
        assert not typed.stash()
    typed.answers.validate_and_handle()
    await asked
    typed.answers.load_history_if_not_yet_loaded()
    await asyncio.sleep(0)
    typed.answers.history_backward()
    assert typed.answers.text == ""


async def test_lines_that_wait_can_be_dropped() -> None:
    """The arrow up still brings them back, and what is typed next goes where it is typed."""
    home = Window(None, "chat")
    typed = LineInput(DummyCompleter(), lambda: home)
    typed.asking = False
    for line in ("/talk li", "hello"):
        typed.lines.insert_text(line)
        typed.lines.validate_and_handle()
    assert typed.discard() == 2
    assert (typed.waiting, typed.switching) == (0, False)
    assert typed.lines.history.get_strings() == ["/talk li", "hello"]
