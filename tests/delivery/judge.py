"""Whether the promises were kept: `python -m tests.delivery.judge HISTORY`."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import attrs

from tests.delivery.history import Event, read_history
from tests.delivery.past import Past
from tests.delivery.promises import PROMISES

SHOWN = 10  # breaches of a promise


@attrs.frozen
class Verdict:
    """breaches: sentences, by the name of the promise; promises that were kept are not in it."""

    figures: dict[str, int]
    breaches: dict[str, list[str]]

    @property
    def kept(self) -> bool:
        return not self.breaches

    def __str__(self) -> str:
        lines = [f"{number:8,}  {what}" for what, number in self.figures.items()]
        for promise, sentences in self.breaches.items():
            lines.append(f"BROKEN, {len(sentences)} times: {promise.replace('_', ' ')}")
            lines += [f"    {sentence}" for sentence in sentences[:SHOWN]]
        return "\n".join([*lines, "all promises kept" if self.kept else "NOT all promises kept"])


def judge(events: Iterable[Event]) -> Verdict:
    past = Past().read(events)
    found = {promise.__name__: list(promise(past)) for promise in PROMISES}
    return Verdict(figures(past), {name: broken for name, broken in found.items() if broken})


def figures(past: Past) -> dict[str, int]:
    sent = past.sent.values()
    statuses = Counter(one.status for one in sent if one.acked)
    errors = Counter(one.error for one in sent if not one.acked)
    receptions = len(past.received)
    return {
        "messages sent": len(past.sent),
        "of them to groups": sum(bool(one.group) for one in sent),
        "acknowledged": sum(statuses.values()),
        **{f"as {status}": number for status, number in sorted(statuses.items())},
        "refused members in acknowledgements": sum(len(one.refused) for one in sent),
        **{f"not acknowledged: {error}": number for error, number in sorted(errors.items())},
        "sent more than once": sum(past.copies.count(one.key) > 1 for one in sent),
        "refused for the moment, sent again": sum(bool(one.again_at) for one in sent),
        "receptions": receptions,
        "of them again, by a new process": receptions - len(past.first_receptions()),
        "logins": past.logins,
        "joins and leaves": past.changes,
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
