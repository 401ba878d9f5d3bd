"""A meeting of thirty people through all its phases, in seconds: what each of them sees, when, and what is left of it.

It is held once; the tests look at what was written down, which is packed so that it is not found on the heap.
"""

import asyncio
import contextlib
import io
import json
import logging
import secrets
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop
from websockets.exceptions import ConnectionClosed

from rooms.vocabulary import RoomId
from server.log import Appended, Batch
from server.log.memory import MemoryLog
from tests.server.client import Client, Message
from tests.server.heap import held
from tests.server.kit import Served, serving

READING, SPEAKER, ROUND, PICK, CIRCLE, SILENCE, OPEN = range(7)
TIMES = {"share_seconds": 0.5, "warn_seconds": 0.2, "grace_seconds": 0.2}
WARNED = 200  # ms before the end of a share
AWAY = 2000  # ms
PHASES: list[dict[str, Any]] = [
    {"kind": "reading", "seconds": 0.5, "advance": "auto", "post": ["Welcome."]},
    {"kind": "speaker", **TIMES},
    {"kind": "round", "auto_call": True, **TIMES},
    {"kind": "round", "order": "pick", **TIMES, "share_seconds": 60},
    {"kind": "round", "order": "circle", "auto_call": True, **TIMES},
    {"kind": "silence", "seconds": 0.3, "advance": "auto"},
    {"kind": "open", "seconds": 0.3},
]
RULES: dict[str, Any] = {
    "answer_seconds": 0.4,
    "away_seconds": AWAY / 1000,
    "fellowship_minutes": 0.01,
    "crosstalk": "chat",
    "direct_messages": "everyone",
}
ALICE, BOB, CHARLIE, DORA, EVE, FRANK, TIM, GRETA, YAN, ZOE = range(10)  # and nineteen more; and Fay, who facilitates
MEMBERS = 29
LATE = 100  # ms


class RecordingLog(MemoryLog):
    """Writes down what becomes true."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Message] = []

    async def append(self, room: RoomId, batch: Batch) -> Appended:
        appended = await super().append(room, batch)
        self.events += [msgspec.to_builtins(entry.event) for entry in batch.entries]
        return appended


class Told(msgspec.Struct):
    """What happened in the meeting, and who was told what."""

    log: list[Message]
    lines: list[list[list[Message]]]  # of each person, what came on each of their lines, one after the other
    codes: list[int]


class Afterwards(msgspec.Struct):
    stolen: list[tuple[int, int]]  # when the machine was busy with something else, and for how long, in ms
    rooms: list[str]
    on_the_heap: list[str]


class Held(msgspec.Struct):
    told: Told
    afterwards: Afterwards
    word: str  # stands in every name and every text
    logged: str
    data: Path


async def answer(member: Client, number: int, event: Message, people: list[Client], word: str) -> None:
    """What a member does when something happens."""
    mine = event.get("who") == member.id
    tell = member.tell
    match event:
        case {"t": "phase_began", "phase": 2} if number in {BOB, CHARLIE, DORA, EVE}:
            await tell("raise_hand", topic=f"{word} {number}")
        case {"t": "phase_began", "phase": 6}:
            to = ["everyone", "service", people[(number + 1) % MEMBERS].id][number % 3]
            await tell("say", text=f"{word}: I am number {number}", to=to)
            await tell("celebrate", count=number + 1, unit="years")
            if number == BOB:
                await tell("ask_for_help", text=f"{word}, please")
                await tell("report", who=people[EVE].id, text=word)
        case {"t": "called"} if mine:
            if number != DORA or member_phase(member) == CIRCLE:  # in the round Dora has gone to the door
                await tell("pass" if number == EVE or member_phase(member) == CIRCLE else "begin")
        case {"t": "began"} if mine:
            await tell("share", text=f"{word} in my own words")
            if number in {BOB, FRANK}:
                await tell("done")
        case {"t": "began"} if number == TIM and member_phase(member) == PICK and event["who"] == people[ALICE].id:
            await tell("stop_clock")
        case {"t": "clock_changed", "left": _} if number == TIM:
            await tell("start_clock")
        case {"t": "clock_changed", "ends_at": _} if number == ALICE:
            await tell("pick", who=people[FRANK].id)
        case {"t": "said", "message": message, "by": author} if number == GRETA and author == people[DORA].id:
            await tell("pin", message=message)
        case {"t": "pinned", "message": message}:
            await tell("react", to=message, emoji="🙏", on=True)
        case _:
            pass


def member_phase(member: Client) -> int:
    phases = [event["phase"] for event in member.events if event["t"] == "phase_began"]
    return int(phases[-1]) if phases else READING


@contextlib.asynccontextmanager
async def what_the_machine_takes(clock: Callable[[], int]) -> AsyncIterator[list[tuple[int, int]]]:
    """Write down when the loop was woken late though this process was not at work."""
    stolen: list[tuple[int, int]] = []

    async def watch() -> None:
        while True:
            asleep, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.005)
            late = time.monotonic() - asleep - 0.005 - (time.thread_time() - worked)
            if late > 0.01:
                stolen.append((clock(), round(late * 1000)))

    watching = asyncio.create_task(watch())
    try:
        yield stolen
    finally:
        watching.cancel()


async def facilitate(fay: Client, people: list[Client], word: str) -> int:
    """Lead through all phases; the code that the line is closed with."""
    await fay.does("start")
    await fay.sees("phase_began", phase=SPEAKER)
    await fay.does("call", who=people[ALICE].id)
    await fay.sees("share_ended", who=people[ALICE].id, why="time")
    await fay.does("next_phase", **{"from": SPEAKER})
    await fay.sees("hand_lowered", who=people[DORA].id, why="no_answer")
    await fay.sees("share_ended", who=people[CHARLIE].id, why="time")
    await fay.sees("share_ended", who=people[EVE].id, why="passed")
    await fay.sees("left", who=people[YAN].id, why="gone")
    await fay.does("next_phase", **{"from": ROUND})
    await fay.does("call", who=people[ALICE].id)
    await fay.sees("share_ended", who=people[FRANK].id, why="done")
    await fay.does("next_phase", **{"from": PICK})
    await fay.sees("called", who=fay.id)
    await fay.does("pass")
    await fay.until("share_ended", who=people[-1].id, why="passed")
    await fay.does("next_phase", **{"from": CIRCLE})
    await fay.sees("phase_due", phase=OPEN)
    for person in (person for number, person in enumerate(people) if number != YAN):
        await fay.sees("reacted", by=person.id)
    await fay.does("mute", who=people[CHARLIE].id)
    await fay.does("quiet")
    await fay.does("role", who=people[BOB].id, role="greeter")
    await fay.does("say", text=f"{word} among us", to="service")
    await fay.does("unquiet")
    await fay.does("end")
    return await fay.closing_code()


async def hold(served: Served, word: str) -> tuple[bytes, list[str]]:
    """The meeting, from the first who comes to the last who goes; packed, and some words that it was held with."""
    meeting = await served.a_meeting(*PHASES, **RULES)
    keys = {TIM: meeting.keys.timekeeper, GRETA: meeting.keys.greeter}
    fay = await served.comes(f"Fay {word}", key=meeting.keys.host)
    people = [
        await served.comes(f"{n} {word}", text=n % 2 == 0, **({"key": keys[n]} if n in keys else {}))
        for n in range(MEMBERS)
    ]
    lines = [[person] for person in people]

    async def attend(number: int) -> int:
        while True:
            member = lines[number][-1]
            try:
                while True:
                    event = await member.receive()
                    if "at" in event:
                        await answer(member, number, event, people, word)
                    if number in {YAN, ZOE} and event["t"] == "started":
                        await member.leave_the_line()
            except ConnectionClosed as closed:
                if closed.rcvd is not None or number == YAN:
                    return closed.rcvd.code if closed.rcvd else 1006
                lines[number].append(await served.resumes(member))

    everybody: list[Awaitable[int]] = [facilitate(fay, people, word), *map(attend, range(MEMBERS))]
    codes = await asyncio.gather(*everybody)
    seen = [[[line.welcome, *line.events] for line in of_one] for of_one in [[fay], *lines]]
    refused = [(n, m) for n, of_one in enumerate(lines) for line in of_one for m in line.seen if m["t"] == "refused"]
    assert not refused, refused
    assert isinstance(served.log, RecordingLog)
    packed = zlib.compress(json.dumps({"log": served.log.events, "lines": seen, "codes": codes}).encode())
    served.log.events.clear()
    return packed, [fay.id, people[EVE].id, fay.welcome["seat"], people[EVE].welcome["seat"]]


async def attended(data: Path, drow: str) -> tuple[bytes, Afterwards]:
    """The meeting with a word in every name and text; it is told backwards, so as not to be found but where it was."""
    async with serving(data) as served, what_the_machine_takes(served.clock) as stolen:
        packed, words = await hold(served, drow[::-1])
        await served.rooms_are_gone()
        served.forget_the_clients()
        backwards = [word[::-1] for word in words]
        del words
        return packed, Afterwards(stolen, list(served.logs_in_memory), held(drow, *backwards))


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Held:
    data, drow, logged = tmp_path_factory.mktemp("meeting"), secrets.token_hex(6), io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(logged), contextlib.redirect_stderr(logged):
        patch.setattr("server.app.MemoryLog", RecordingLog)
        packed, afterwards = uvloop.run(attended(data, drow))
    logging.getLogger().removeHandler(handler)
    return Held(
        msgspec.json.decode(zlib.decompress(packed), type=Told), afterwards, drow[::-1], logged.getvalue(), data
    )


def is_for(event: Message, who: str, team: set[str]) -> bool:
    """Whether that participant is among an event's audience, by the tables of docs/protocol.md."""
    match event:
        case {"t": "opened" | "noted"}:  # the log's own
            return False
        case {"t": "said", "to": to, "by": author}:
            return to == "everyone" or who in {to, author} or (to == "service" and who in team)
        case {"t": "help_asked" | "reported", "by": author}:
            return who == author or who in team
        case {"t": "muted" | "unmuted", "who": one}:
            return who == one or who in team
        case _:
            return True


def test_everybody_sees_what_is_in_the_log_in_its_order_less_what_is_not_theirs(meeting: Held) -> None:
    assert [event["seq"] for event in meeting.told.log] == list(range(1, len(meeting.told.log) + 1))
    assert [event["phase"] for event in meeting.told.log if event["t"] == "phase_began"] == list(range(7))
    assert len(meeting.told.lines) == 30
    assert [len(of_one) for of_one in meeting.told.lines].count(2) == 1, "one came back on another line"
    for of_one in meeting.told.lines:
        welcome = of_one[0][0]
        team = set[str]()
        expected = []
        for event in meeting.told.log:
            if event["t"] in {"joined", "role_changed"}:
                (team.discard if event["role"] == "member" else team.add)(event["who"])
            if event["seq"] > welcome["seq"] and is_for(event, welcome["you"], team):
                expected.append(event)
        seen = [event for line in of_one for event in line[1:]]
        assert seen == expected[: len(seen)]
        assert len(seen) == len(expected) or not any(event["t"] == "ended" for event in seen)


def test_everybodys_line_ends_when_the_meeting_does(meeting: Held) -> None:
    assert sorted(meeting.told.codes) == [1000] * 29 + [1006]


def deadlines(log: list[Message]) -> Iterator[tuple[str, int, int]]:
    """Every timer of the meeting: what it was, its deadline as it was told, and when it fired."""
    due: dict[Any, int] = {}
    for event in log:
        at = event["at"]
        match event:
            case {"t": "phase_began", "phase": phase}:
                if "phase" in due:
                    yield "phase", due.pop("phase"), at
                if "ends_at" in event:
                    due["due" if PHASES[phase].get("advance") is None else "phase"] = event["ends_at"]
            case {"t": "phase_due"}:
                yield "phase_due", due.pop("due"), at
            case {"t": "called"}:
                due["answer"] = event["answer_by"]
            case {"t": "began"}:
                due["time"] = event["ends_at"]
            case {"t": "warned"}:
                yield "warned", due["time"] - WARNED, at
            case {"t": "time_up"}:
                yield "time_up", due["time"], at
                due["grace"] = event["grace_until"]
            case {"t": "share_ended", "why": "time"}:
                yield "share", due["grace"], at
            case {"t": "share_ended", "why": "no_answer"}:
                yield "answer", due["answer"], at
            case {"t": "away", "who": who}:
                due[who] = at + AWAY
            case {"t": "left", "why": "gone", "who": who}:
                yield "away", due[who], at
            case {"t": "fellowship"}:
                due["room"] = event["ends_at"]
            case {"t": "ended"}:
                yield "room", due["room"], at
            case _:
                pass


def test_every_timer_fires_within_100_ms_of_its_deadline(meeting: Held) -> None:
    timers = list(deadlines(meeting.told.log))
    assert {what for what, _, _ in timers} == {
        "phase", "phase_due", "warned", "time_up", "share", "answer", "away", "room"
    }  # fmt: skip
    for what, deadline, fired in timers:
        taken = sum(late for at, late in meeting.afterwards.stolen if deadline - late <= at <= fired + late)
        assert 0 <= fired - deadline < LATE + taken, what


def test_nothing_of_it_is_left_in_memory(meeting: Held) -> None:
    assert meeting.afterwards.on_the_heap == []
    assert meeting.afterwards.rooms == []


def test_nothing_of_it_is_left_in_files_and_logs(meeting: Held) -> None:
    files = [path for path in meeting.data.rglob("*") if path.is_file()]
    assert "openchair.sqlite" in [path.name for path in files]
    kept = {path.name: path.read_bytes().decode("latin-1") for path in files} | {"the log": meeting.logged}
    ids = [line[0][field] for of_one in meeting.told.lines for line in of_one for field in ("you", "seat")]
    for name, text in kept.items():
        assert [it for it in [meeting.word, *ids] if it in text] == [], name
