"""The report of a run, from its notes: what was done, how long it took until all were whole again, what went wrong."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]
import msgspec
from msgspec import Struct

from tests.chaos.checker import KINDS, Findings
from tests.chaos.notes import CAME, DOWN, FAULTS, LAST, SENT, UP, read, rooms

BILLION: Final = 1_000_000_000
BUG: Final = re.compile(r"Traceback|\[error {4}\] fault|code=1$", re.MULTILINE)


class Struck(Struct, frozen=True):
    """A fault, in nanoseconds."""

    name: str
    at: int
    over: int


class Lines(Struct):
    """One person's lines and commands: times in nanoseconds."""

    opened: list[int] = msgspec.field(default_factory=list)
    broken: list[int] = msgspec.field(default_factory=list)
    sent: dict[int, int] = msgspec.field(default_factory=dict)
    acknowledged: dict[int, int] = msgspec.field(default_factory=dict)
    unavailable: list[int] = msgspec.field(default_factory=list)
    is_over: bool = False

    def whole_after(self, time: int) -> int | None:
        """When the first command that was sent after `time` was acknowledged."""
        return min((at for number, at in self.acknowledged.items() if self.sent[number] >= time), default=None)


class Times(Struct, frozen=True):
    """Of a number of times, in seconds."""

    count: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, times: Iterable[float]) -> "Times":
        """Of no times: zeros."""
        ordered = sorted(times) or [0.0]

        def share(part: float) -> float:
            return ordered[max(0, math.ceil(part * len(ordered)) - 1)]

        return cls(len(ordered), share(0.5), share(0.99), ordered[-1])

    def __str__(self) -> str:
        return f"{self.p50:.2f} | {self.p99:.2f} | {self.most:.2f}"


class Kind(Struct, frozen=True):
    """All faults of one kind: how long they lasted, and then how long it took until everybody was whole again."""

    name: str
    lasted: Times
    whole: Times
    never: int  # times that somebody was not whole again


class Report(Struct, frozen=True):
    faults: int
    findings: Findings
    bugs: int
    """Errors of the program itself, as the workers' logs tell."""
    kinds: list[Kind]
    all: Times
    acknowledged: Times
    """From sending a command for the first time to its acknowledgement, faults and all."""
    killed: Times
    """From the kill of a worker until one of those whose lines it held was whole again."""
    frozen: Times
    """From the freezing of Redis until the first client heard that the room is unavailable."""


class Renewal(Struct, frozen=True):
    """What a renewal of the workers was for their clients."""

    findings: Findings
    people: int
    moves: int
    most_in_a_second: int
    seconds: float


def report(folder: Path, findings: Findings, killed: str, frozen: str) -> Report:
    """`killed` and `frozen` are the names of these faults."""
    struck = [Struck(*record) for record in read(folder / FAULTS)]
    people = _lines(folder)
    whole: dict[str, list[float]] = defaultdict(list)
    never: dict[str, int] = defaultdict(int)
    after_kills, after_freezes = list[float](), list[float]()
    for fault in struck:
        ends = [person.whole_after(fault.over) for person in people]
        if None in ends:
            never[fault.name] += 1
        whole[fault.name].append(max((_seconds(fault.over, end) for end in ends if end is not None), default=0.0))
        if fault.name == killed:
            hit = [(it, end) for it, end in zip(people, ends, strict=True) if _is_hit(it, fault.at)]
            after_kills += [_seconds(fault.at, end) for _, end in hit if end is not None]
        if fault.name == frozen:
            heard = min((at for it in people for at in it.unavailable if at >= fault.at), default=None)
            if heard is not None and heard < fault.over:
                after_freezes.append(_seconds(fault.at, heard))
    lasted = _by_name(struck, lambda fault: _seconds(fault.at, fault.over))
    waits = (_seconds(it.sent[number], at) for it in people for number, at in it.acknowledged.items())
    return Report(
        len(struck),
        findings,
        len(BUG.findall((folder / "site" / "site.log").read_text(encoding="utf-8"))),
        [Kind(name, Times.of(lasted[name]), Times.of(whole[name]), never[name]) for name in sorted(lasted)],
        Times.of(time for times in whole.values() for time in times),
        Times.of(waits),
        Times.of(after_kills),
        Times.of(after_freezes),
    )


def renewal(folder: Path, findings: Findings) -> Renewal:
    fault = Struck(*next(iter(read(folder / FAULTS))))
    people = _lines(folder)
    opened = sorted(at for it in people for at in it.opened if at >= fault.at)
    most, first = 0, 0
    for last, at in enumerate(opened):
        while at - opened[first] >= BILLION:
            first += 1
        most = max(most, last - first + 1)
    return Renewal(findings, len(people), len(opened), most, _seconds(fault.at, fault.over))


def violations(findings: Findings) -> str:
    return ", ".join(f"{findings.numbers[kind]} {kind}" for kind in KINDS)


def markdown(it: Report) -> str:
    """The report as a table, as it stands in docs/operating.md."""
    count = it.findings.count
    lines = [
        f"{it.faults} faults under {count.people} people: {violations(it.findings)}; {it.bugs} errors of the program.",
        f"{count.acknowledged} commands were acknowledged. {count.in_logs} events happened and were seen "
        f"{count.events} times, over {count.lines} lines, {count.resumed} of which resumed. Somebody was away "
        f"{count.away} times.",
        "",
        "| fault | times | lasted, at most | whole again after (s): p50 | p99 | max |",
        "|---|---|---|---|---|---|",
        *(
            f"| {kind.name} | {kind.lasted.count} | {kind.lasted.most:.1f} s | {kind.whole} |"
            + (f" **{kind.never} times not all**" if kind.never else "")
            for kind in it.kinds
        ),
        f"| all | {it.faults} | | {it.all} |",
        "",
        "| seconds | measured | p50 | p99 | max |",
        "|---|---|---|---|---|",
        f"| from the kill of a worker until one of its clients was whole again | {it.killed.count} | {it.killed} |",
        f"| from the freezing of Redis until a client heard of it | {it.frozen.count} | {it.frozen} |",
        f"| from a command to its acknowledgement, faults and all | {it.acknowledged.count} | {it.acknowledged} |",
    ]
    return "\n".join(lines) + "\n"


def renewal_in_words(it: Renewal) -> str:
    return (
        f"Renewing all workers under {it.people} people took {it.seconds:.1f} s: {it.moves} lines moved, at most "
        f"{it.most_in_a_second} within any second ({100 * it.most_in_a_second / it.people:.1f} %); "
        f"{it.findings.count.away} times somebody counted as away; {violations(it.findings)}.\n"
    )


def write(path: Path, *reports: Report | Renewal) -> None:
    """Beside the readable one, all of it as JSON."""
    path.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(reports)))
    texts = [markdown(it) if isinstance(it, Report) else renewal_in_words(it) for it in reports]
    sentences = [f"- {it.kind}, {it.room}: {it.sentence}\n" for report in reports for it in report.findings.violations]
    path.write_text("\n".join([*texts, "".join(sentences)]), encoding="utf-8")


def _lines(folder: Path) -> list[Lines]:
    people: dict[int, Lines] = defaultdict(Lines)
    for path in rooms(folder):
        for at, number, kind, data in read(path):
            _take(people[number], at, kind, data)
    return list(people.values())


def _take(it: Lines, at: int, kind: int, data: Any) -> None:
    if kind == LAST:
        it.is_over = True
    elif kind == UP and not it.is_over:
        it.opened.append(at)
    elif kind == DOWN:
        it.broken.append(at)
    elif kind == SENT and "id" in (command := msgpack.unpackb(data)):
        it.sent.setdefault(command["id"], at)
    elif kind == CAME:
        for message in msgpack.unpackb(data):
            if message["t"] == "ack":
                it.acknowledged.setdefault(message["id"], at)
            elif message["t"] == "refused" and message["code"] == "unavailable":
                it.unavailable.append(at)


def _is_hit(it: Lines, at: int) -> bool:
    """Whether the line of this one broke at that moment."""
    return any(at <= broken < at + BILLION // 5 for broken in it.broken)


def _seconds(since: int, until: int) -> float:
    return (until - since) / BILLION


def _by_name(struck: Sequence[Struck], value: Callable[[Struck], float]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for fault in struck:
        found[fault.name].append(value(fault))
    return found
