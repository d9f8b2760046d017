"""Whether the promises were kept: `python -m tests.delivery.judge HISTORY`."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import attrs

from tests.delivery.history import Event, read_history
from tests.delivery.past import Past
from tests.delivery.promises import PROMISES
from tests.delivery.streams import PUSHED

SHOWN = 10  # breaches of each promise


@attrs.frozen
class Verdict:
    """breaches: sentences by the name of the promise; a promise that was kept is not in it.
    damages: what is wrong with the database's own tables, so that a breach may be its doing."""

    figures: dict[str, int]
    breaches: dict[str, list[str]]
    damages: list[str]

    @property
    def kept(self) -> bool:
        """Whether there is no finding of either kind."""
        return not self.breaches and not self.damages

    def __str__(self) -> str:
        lines = [f"{number:8,}  {what}" for what, number in self.figures.items()]
        if self.damages:
            lines.append(f"DAMAGED, {len(self.damages)} times: the database is damaged")
            lines += [f"    {sentence}" for sentence in self.damages[:SHOWN]]
        for promise, sentences in self.breaches.items():
            lines.append(f"BROKEN, {len(sentences)} times: {promise.replace('_', ' ')}")
            lines += [f"    {sentence}" for sentence in sentences[:SHOWN]]
        return "\n".join([*lines, self._conclusion])

    @property
    def _conclusion(self) -> str:
        if self.damages:
            return "the database is damaged: this says nothing about the server"
        return "NOT all promises kept" if self.breaches else "all promises kept"


def judge(events: Iterable[Event]) -> Verdict:
    past = Past().read(events)
    found = {promise.__name__: list(promise(past)) for promise in PROMISES}
    broken = {name: sentences for name, sentences in found.items() if sentences}
    return Verdict(figures(past), broken, past.damages)


def figures(past: Past) -> dict[str, int]:
    sent = past.sent.values()
    errors = Counter(one.error for one in sent if one.error)
    steps = Counter(step.how for stream in past.streams.all for step in stream.steps)
    return {
        "messages sent": len(past.sent),
        "of them to groups": sum(bool(one.group) for one in sent),
        "acknowledged": sum(one.acked is not None for one in sent),
        **{f"not acknowledged: {error}": number for error, number in sorted(errors.items())},
        "sent more than once": sum(one.copies > 1 for one in sent),
        "entries in the log": len(past.log.lines),
        "of them changes": sum(not line.is_text for line in past.log.lines.values()),
        "entries shown": len(past.received),
        "entries sent over connections": steps[PUSHED],
        "connections with a login": len(past.streams.all),
        "of them where a device says that it is": sum(
            stream.since is not None for stream in past.streams.all
        ),
        "of them of version 1": sum(stream.version == 1 for stream in past.streams.all),
        "marks told": len(past.streams.told),
        **{f"fault: {what}": number for what, number in sorted(past.faults.items())},
    }


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.delivery.judge HISTORY", file=sys.stderr)  # noqa: T201  # a command
        return 2
    verdict = judge(read_history(Path(sys.argv[1])))
    print(verdict)  # noqa: T201  # a command
    return 0 if verdict.kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
