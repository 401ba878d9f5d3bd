"""The checker: reads the notes of a run, and nothing else, and counts what must not have happened.

It knows docs/protocol.md and trusts nobody: what went over each line is taken apart anew, and the order of each room's
events is put together from what all of its people saw.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgpack  # type: ignore[import-untyped]
from msgspec import Struct, field

from tests.chaos.notes import CAME, DOWN, LAST, PEOPLE, SENT, UP, read, rooms

Message = dict[str, Any]

Kind = Literal["lost", "doubled", "misordered", "two on the floor", "wrong audience", "place lost", "not whole"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

OFTEN: Final = 20  # sentences about violations of one kind in one room are enough

SERVING: Final = frozenset({"facilitator", "cofacilitator", "timekeeper", "greeter"})
TEXTS: Final = frozenset({"say", "share"})  # commands with a text that nobody else sends
COUNTED: Final = {"raise_hand": "hand_raised", "call": "called", "begin": "began"}
"""Commands that, once acknowledged, have made exactly one event of that type by whoever sent them."""

MOVING: Final = frozenset({"raise_hand", "lower_hand"})  # commands that change one's own place in the queue

Place = tuple[str, int]
"""Epoch and number: where an event stands."""


class Violation(Struct, frozen=True):
    kind: Kind
    room: str
    sentence: str


class Command(Struct):
    t: str
    text: str | None
    sent: int  # ns, for the first time
    answered: int = 0
    is_acknowledged: bool = False


class Shown(Struct):
    """A snapshot."""

    at: int  # ns
    place: Place
    tag: str
    room: Message


class Seen(Struct):
    """What one person sent and saw."""

    number: int
    id: str = ""
    role: str = ""
    commands: dict[int, Command] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)  # of events, and how often each came
    shown_texts: set[str] = field(default_factory=set)  # in snapshots
    shown: list[Shown] = field(default_factory=list)
    final: Shown | None = None
    passed: list[tuple[str, int, int]] = field(
        default_factory=list
    )  # an epoch and two numbers between which nothing came
    place: Place = ("", 0)
    lines: int = 0
    resumed: int = 0


class Count(Struct):
    """What there was to check."""

    people: int = 0
    commands: int = 0
    acknowledged: int = 0
    events: int = 0  # that were seen, each counted for each who saw it
    in_logs: int = 0  # that there were
    unseen: int = 0  # besides those, which came in snapshots only
    lines: int = 0  # that people came by
    resumed: int = 0
    shown: int = 0  # snapshots
    away: int = 0  # events
    epochs: int = 0  # beside the first of each room


class Findings(Struct):
    count: Count = field(default_factory=Count)
    violations: list[Violation] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)  # of violations by kind


def check(folder: Path) -> Findings:
    """Look at all rooms of a run."""
    findings = Findings()
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, room, _ in read(folder / PEOPLE):
        numbers[room].append(number)
    for path in rooms(folder):
        checked = _Room(path.stem, numbers.pop(path.stem), findings)
        checked.read(path)
        checked.check()
    for room in numbers:
        findings.violations.append(Violation("lost", room, "no notes of this room"))
    return findings


class _Room:
    def __init__(self, name: str, people: list[int], findings: Findings) -> None:
        self._name = name
        self._findings = findings
        self._people = {number: Seen(number) for number in people}
        self._events: dict[Place, Message] = {}
        self._first_seen: dict[str, int] = {}  # ns, by epoch
        self._unseen = 0  # how many numbers of the log have come in snapshots only

    def _tell(self, kind: Kind, sentence: str) -> None:
        self._findings.numbers[kind] += 1
        if sum(it.kind == kind and it.room == self._name for it in self._findings.violations) < OFTEN:
            self._findings.violations.append(Violation(kind, self._name, sentence))

    # Reading: what each person saw, and what that says by itself

    def read(self, path: Path) -> None:
        is_last: set[int] = set()
        for at, number, kind, data in read(path):
            seen = self._people[number]
            if kind == UP:
                seen.lines += 1
            elif kind == SENT:
                self._take_sent(seen, at, msgpack.unpackb(data))
            elif kind == CAME:
                for message in msgpack.unpackb(data):
                    self._take(seen, at, message, number in is_last)
            elif kind == LAST:
                is_last.add(number)
            elif kind == DOWN and data in {1009, 4000, 4003, 4004, 4009, 4029} | ({1000} - is_last):
                self._tell("not whole", f"{number} was sent away with {data}")

    def _take_sent(self, seen: Seen, at: int, message: Message) -> None:
        if message["t"] != "hello":
            seen.commands.setdefault(message["id"], Command(message["t"], message.get("text"), at))

    def _take(self, seen: Seen, at: int, message: Message, is_last: bool) -> None:
        match message["t"]:
            case "welcome":
                self._take_welcome(seen, at, message, is_last)
            case "snapshot":
                self._take_snapshot(seen, at, message)
            case "ack" | "refused" if "id" in message:
                command = seen.commands.get(message["id"])
                if command is None:
                    self._tell("doubled", f"{seen.number} got an answer to {message['id']}, which was never sent")
                elif message["t"] == "ack":
                    command.answered = command.answered or at
                    command.is_acknowledged = True
                elif message["code"] not in {"unavailable", "too_fast"}:
                    if command.is_acknowledged:
                        self._tell("lost", f"{seen.number}'s {message['id']} was acknowledged and then refused")
                    command.answered = command.answered or at
            case "refused":
                if message["code"] not in {"unavailable", "too_fast"}:
                    self._tell("not whole", f"{seen.number} was not let in: {message['code']}")
            case _ if "seq" in message:
                self._take_event(seen, at, message)

    def _take_welcome(self, seen: Seen, at: int, welcome: Message, is_last: bool) -> None:
        if seen.id and seen.id != welcome["you"]:
            self._tell("place lost", f"{seen.number} came back as somebody else")
        seen.id, seen.role = welcome["you"], welcome["role"]
        if welcome["last"] > max(seen.commands, default=0):
            self._tell("doubled", f"{seen.number} is told of command {welcome['last']}, which was never sent")
        if not welcome["resumed"]:
            self._take_snapshot(seen, at, welcome)
            if is_last:
                seen.final = seen.shown[-1]
            return
        seen.resumed += 1
        if welcome["epoch"] != seen.place[0] or welcome["seq"] < seen.place[1]:
            self._tell("misordered", f"{seen.number} resumed at {welcome['seq']}, before what was seen")

    def _take_snapshot(self, seen: Seen, at: int, message: Message) -> None:
        place = (message["epoch"], message["seq"])
        if place[0] == seen.place[0] and place[1] < seen.place[1]:
            self._tell("misordered", f"{seen.number} was shown {place[1]} after {seen.place[1]}")
        if message.get("lost"):
            self._tell("lost", f"{seen.number} was told that something is lost")
        shown = Shown(at, place, message["tag"], message["room"])
        seen.shown.append(shown)
        seen.place = place
        self._first_seen.setdefault(place[0], at)
        texts = Counter(it["text"] for it in message["room"]["chat"]["messages"])
        for text, times in texts.items():
            if times > 1:
                self._tell("doubled", f"{seen.number} was shown {text} {times} times")
        floor = message["room"]["floor"]
        seen.shown_texts |= texts.keys() | set(floor["paragraphs"] if floor else ())
        for it in message["room"]["chat"]["messages"]:
            self._check_audience(seen, it["by"], it["to"], it["text"])

    def _take_event(self, seen: Seen, at: int, event: Message) -> None:
        epoch, before = seen.place
        if event["seq"] <= before:
            self._tell("doubled", f"{seen.number} saw {event['seq']} after {before}")
            return
        if event["seq"] > before + 1:
            seen.passed.append((epoch, before, event["seq"]))
        seen.place = place = (epoch, event["seq"])
        known = self._events.setdefault(place, event)
        if known != event:
            self._tell("misordered", f"{seen.number} saw another event {event['seq']} than others did")
        self._findings.count.events += 1
        if "text" in event:
            seen.texts[event["text"]] += 1
            if event["t"] == "said":
                self._check_audience(seen, event["by"], event["to"], event["text"])

    # Checking: what all of them saw together

    def check(self) -> None:
        count, order = self._findings.count, self._order()
        count.in_logs += len(order)
        numbers = {number for _, number in order}
        self._unseen = max(numbers, default=0) - min(numbers, default=1) + 1 - len(numbers)
        count.unseen += self._unseen
        count.epochs += len(self._first_seen) - 1
        count.away += sum(self._events[place]["t"] == "away" for place in order)
        for seen in self._people.values():
            count.people += 1
            count.lines += seen.lines
            count.resumed += seen.resumed
            count.shown += len(seen.shown)
            count.commands += len(seen.commands)
            self._check_commands(seen)
            self._check_passed(seen)
        self._check_texts()
        self._check_order_of_texts(order)
        self._check_floor_and_queue(order)
        self._check_ends()

    def _order(self) -> list[Place]:
        """All places at which an event was seen, in the order of the log."""
        return sorted(self._events, key=lambda place: (self._first_seen[place[0]], place[1]))

    def _check_audience(self, seen: Seen, by: str, to: str, text: str) -> None:
        may = to == "everyone" or seen.id in {by, to} or (to == "service" and seen.role in SERVING)
        if not may:
            self._tell("wrong audience", f"{seen.number} saw {text}, which was said to {to}")

    def _check_commands(self, seen: Seen) -> None:
        acknowledged: Counter[str] = Counter()
        for number, command in seen.commands.items():
            if not command.answered:
                self._tell("not whole", f"{seen.number}'s {number} ({command.t}) was never answered")
            if command.is_acknowledged:
                acknowledged[command.t] += 1
        self._findings.count.acknowledged += acknowledged.total()
        made = Counter(event["t"] for event in self._events.values() if event.get("by") == seen.id)
        for t, event_t in COUNTED.items():
            difference = made[event_t] - acknowledged[t]
            if difference < 0 and (t == "begin" or -difference <= self._unseen):
                continue  # beginning what has begun makes no event; and an event may have come in a snapshot only
            if difference:
                told = f"{seen.number} was told {acknowledged[t]} times that {t} is done, and it was"
                self._tell("doubled" if difference > 0 else "lost", f"{told} {made[event_t]} times")

    def _check_passed(self, seen: Seen) -> None:
        """Nothing that somebody may see was left out before what came next, or at the end."""
        end = seen.place
        passed = [*seen.passed]
        if seen.final is None:
            self._tell("not whole", f"{seen.number} did not come to the end")
        for epoch, before, after in passed:
            for number in range(before + 1, after):
                event = self._events.get((epoch, number))
                if event is not None and self._may_see(seen, event):
                    self._tell("lost", f"{seen.number} never saw {number} ({event['t']}), and saw {after}")
        for place in self._events:
            if place[0] == end[0] and place[1] > end[1]:
                self._tell("lost", f"{seen.number} is shown {end[1]} at the end, and {place[1]} was there")

    def _may_see(self, seen: Seen, event: Message) -> bool:
        if event["t"] != "said" or event["to"] == "everyone":
            return True
        return seen.id in {event["by"], event["to"]} or (event["to"] == "service" and seen.role in SERVING)

    def _check_texts(self) -> None:
        """What was acknowledged is seen by all who may see it, and nobody sees it twice; what was refused by nobody."""
        said: dict[str, Message] = {}
        for it in self._events.values():
            if "text" in it and said.setdefault(it["text"], it) is not it:
                self._tell("doubled", f"{it['text']} was said twice")
        for author in self._people.values():
            for command in author.commands.values():
                if command.text is None:
                    continue
                event = said.get(command.text)
                if command.answered and not command.is_acknowledged and event is not None:
                    self._tell("doubled", f"{command.text} was refused, and then said")
                if not command.is_acknowledged:
                    continue
                if event is None and not any(command.text in it.shown_texts for it in self._people.values()):
                    self._tell("lost", f"{command.text} was acknowledged, and nobody ever saw it")
                    continue
                for seen in self._people.values():
                    if event is not None and not self._may_see(seen, event):
                        continue
                    times = seen.texts[command.text]
                    if times > 1:
                        self._tell("doubled", f"{seen.number} saw {command.text} {times} times")
                    elif (
                        not times
                        and event is not None
                        and command.text not in seen.shown_texts
                        and event["t"] == "said"
                    ):
                        self._tell("lost", f"{seen.number} never saw {command.text}")

    def _check_order_of_texts(self, order: list[Place]) -> None:
        """What was acknowledged before something else was sent stands before it."""
        commands = {it.text: it for seen in self._people.values() for it in seen.commands.values() if it.text}
        latest_sent, latest = 0, ""
        for place in order:
            text = self._events[place].get("text", "")
            command = commands.get(text)
            if command is None or not command.is_acknowledged:
                continue
            if command.answered < latest_sent:
                self._tell("misordered", f"{text} was acknowledged before {latest} was sent, and stands behind it")
            if command.sent > latest_sent:
                latest_sent, latest = command.sent, text

    def _check_floor_and_queue(self, order: list[Place]) -> None:
        """Follow the floor and the queue event by event, and compare with each snapshot that was shown on the way."""
        shown: dict[Place, list[Shown]] = defaultdict(list)
        for seen in self._people.values():
            for it in seen.shown:
                shown[it.place].append(it)
        steps = sorted({*order, *shown}, key=lambda place: (self._first_seen[place[0]], place[1]))
        state: _Stage | None = None
        before: Place = ("", 0)
        for place in steps:
            is_new = (
                place[1] > before[1] and place not in self._events
            )  # something happened that came in snapshots only
            before = place
            event = self._events.get(place)
            if event is not None and state is not None:
                for kind, sentence in state.follow(event):
                    self._tell(kind, f"at {place[1]}: {sentence}")
            for it in shown.get(place, ()):
                now = _Stage.of(it.room)
                may_differ = self._under_way(it.at) if is_new else frozenset()
                if state is not None and now.without(may_differ) != state.without(may_differ):
                    self._tell("place lost", f"at {place[1]} the queue is {state.hands}, and {now.hands} was shown")
                if state is not None and now.share != state.share and not is_new:
                    self._tell(
                        "two on the floor", f"at {place[1]} {state.share} has the floor, and {now.share} was shown"
                    )
                state = now

    def _under_way(self, at: int) -> frozenset[str]:
        """Who was changing a place in the queue at that time: one's own, or, by calling somebody, anybody's."""
        commands = [
            (seen.id, it.t)
            for seen in self._people.values()
            for it in seen.commands.values()
            if it.sent <= at and not 0 < it.answered <= at
        ]
        if any(t == "call" for _, t in commands):
            return frozenset(seen.id for seen in self._people.values())
        return frozenset(who for who, t in commands if t in MOVING)

    def _check_ends(self) -> None:
        """At the end all are shown the same room."""
        finals = [(seen.number, seen.final) for seen in self._people.values() if seen.final is not None]
        latest = max(
            (it.place for _, it in finals), key=lambda place: place[1], default=None
        )  # others saw what was left
        ends = {number: _common(it.room) for number, it in finals if it.place == latest}
        first = next(iter(ends.values()), None)
        for number, end in ends.items():
            if end != first:
                self._tell("misordered", f"{number} is shown another room at the end than others are")
        if first is not None and (
            missing := {it.id for it in self._people.values()} - {it["id"] for it in first["participants"]}
        ):
            self._tell("place lost", f"{len(missing)} are not in the room at the end")
        if first is not None and any(it["presence"] != "here" for it in first["participants"]):
            self._tell("not whole", "somebody who is here counts as away at the end")


class _Stage(Struct):
    """Who stands in the queue, and which share has the floor."""

    hands: list[str]
    share: str | None
    ended: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, room: Message) -> "_Stage":
        floor = room["floor"]
        return cls([it["who"] for it in room["queue"]["hands"]], floor["share"] if floor else None)

    def without(self, people: frozenset[str]) -> list[str]:
        """The queue of all others."""
        return [who for who in self.hands if who not in people]

    def follow(self, event: Message) -> Iterator[tuple[Kind, str]]:
        match event["t"]:
            case "hand_raised":
                if event["who"] in self.hands:
                    yield "doubled", f"{event['who']} stands in the queue twice"
                self.hands.insert(event["place"], event["who"])
            case "hand_moved":
                self.hands.remove(event["who"])
                self.hands.insert(event["place"], event["who"])
            case "hand_lowered":
                if event["who"] not in self.hands and event["why"] == "no_answer":
                    pass  # called for the second time, and so out of the queue already
                elif event["who"] not in self.hands:
                    yield "place lost", f"{event['who']} lowers a hand that is not in the queue"
                else:
                    self.hands.remove(event["who"])
                if event["why"] in {"left", "muted"}:
                    yield "place lost", f"{event['who']} lost the place in the queue ({event['why']})"
            case "called":
                if self.share is not None:
                    yield "two on the floor", f"{event['who']} is called while {self.share} has the floor"
                self.share = event["share"]
                if event["who"] in self.hands:
                    self.hands.remove(event["who"])
            case "began" | "shared":
                if self.share != event["share"]:
                    yield "two on the floor", f"{event['share']} goes on while {self.share} has the floor"
            case "share_ended":
                if self.share != event["share"] or event["share"] in self.ended:
                    yield "two on the floor", f"{event['share']} ends while {self.share} has the floor"
                self.ended.add(event["share"])
                self.share = None
            case "left" | "removed":
                yield "place lost", f"{event['who']} is out of the room"


def _common(room: Message) -> Message:
    """What of a snapshot is the same for everybody and at any time."""
    return {
        "phase": room["phase"],
        "state": room["state"],
        "participants": room["participants"],
        "floor": room["floor"],
        "hands": [it["who"] for it in room["queue"]["hands"]],
        # The latest 200 are shown, whispers included: of those to everyone some see more than others.
        "texts": [it["text"] for it in room["chat"]["messages"] if it["to"] == "everyone"][-100:],
    }
