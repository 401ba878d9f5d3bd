"""What every log keeps: the same tests for each implementation."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from copy import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms.agenda import Started
from rooms.chat import Said
from rooms.room import AnyEvent
from rooms.vocabulary import EVERYONE, SERVICE_TEAM, Audience, MessageId, ParticipantId, RoomId
from server.log import (
    WINDOW,
    Batch,
    Conflict,
    Entry,
    Former,
    History,
    Loaded,
    Log,
    Position,
    Window,
    Wiped,
    blank,
    payload_of,
)
from server.log.memory import MemoryLog
from server.log.redis import RedisLog
from server.redis import RedisLine
from tests.valkey import Cluster, Valkey

ROOM, OTHER = RoomId("circle.1"), RoomId("circle.2")
ALICE, BOB = ParticipantId("alice"), ParticipantId("bob")


@pytest.fixture(params=["memory", "redis", "cluster"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield MemoryLog()
        return
    servers: Valkey | Cluster = request.getfixturevalue("valkey" if request.param == "redis" else "cluster")
    servers.forget_everything()
    async with RedisLine(servers.url) as line:
        yield RedisLog(line)


def says(text: str, by: ParticipantId = ALICE) -> Said:
    return Said(MessageId(text), text, "everyone", at=1, by=by)


def starts() -> Started:
    return Started(ends_at=2, at=1)


def changed(
    commands: Sequence[tuple[ParticipantId, int]], known: Mapping[ParticipantId, Window]
) -> dict[ParticipantId, tuple[Window | None, Window]]:
    """The windows before and after these commands, for one who knows no better."""
    after = {who: copy(known.get(who)) or Window() for who, _ in commands}
    for who, command in commands:
        after[who].add(command)
    return {who: (known.get(who), window) for who, window in after.items()}


class Writer:
    """Appends as a replica does, and knows the state's version."""

    def __init__(self, log: Log, position: Position, room: RoomId = ROOM) -> None:
        self.log, self.room, self.position, self.version = log, room, position, 0
        self.missed: list[Entry] = []
        self.windows_told: Mapping[ParticipantId, Window] = {}
        self.known: dict[ParticipantId, Window] = {}

    async def append(
        self,
        *events: AnyEvent,
        audience: Audience = EVERYONE,
        commands: list[tuple[ParticipantId, int]] | None = None,
        forget: Sequence[Said] = (),
        parted: list[ParticipantId] | None = None,
        windows: Mapping[ParticipantId, Window] | None = None,
    ) -> Position:
        entries = [Entry(event, audience) for event in events]
        payloads = [payload_of(entry) for entry in entries]
        appended = await self.log.append(
            self.room,
            Batch(
                self.position,
                self.version,
                max([self.version, *(n for n, event in enumerate(events, self.position.seq + 1) if event.moves)]),
                entries,
                payloads,
                commands or [],
                [blank(Entry(event, EVERYONE)) for event in forget],
                parted or [],
                changed(commands or (), self.known if windows is None else windows),
            ),
        )
        self.position, self.missed, self.windows_told = appended.position, appended.missed, appended.windows
        self.version = max([self.version, *(event.seq for event in events if event.moves)])
        for who, command in commands or ():
            self.known.setdefault(who, Window()).add(command)
        for who in parted or ():
            self.known.pop(who, None)
        return self.position

    async def loaded(self) -> Loaded:
        loaded = await self.log.load(self.room)
        assert loaded is not None
        return loaded

    async def history(self) -> History:
        return (await self.loaded()).history

    async def windows(self) -> dict[ParticipantId, Window]:
        return (await self.loaded()).windows

    async def texts(self) -> list[str]:
        return [entry.event.text for entry in (await self.history()).entries if isinstance(entry.event, Said)]


@pytest.fixture
async def writer(log: Log) -> Writer:
    await log.begin(ROOM, Loaded(Position("epoch")), None)
    return Writer(log, Position("epoch"))


async def test_a_log_is_begun_once(log: Log) -> None:
    assert await log.load(ROOM) is None
    assert await log.begin(ROOM, Loaded(Position("first")), None)
    assert not await log.begin(ROOM, Loaded(Position("second")), None)
    loaded = await log.load(ROOM)
    assert loaded == Loaded(Position("first"))
    assert await log.load(OTHER) is None


async def test_what_is_appended_is_kept_in_order(writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    head = await writer.append(says("b"), audience=SERVICE_TEAM)
    assert head.seq == 3
    history = await writer.history()
    assert [entry.event.seq for entry in history.entries] == [1, 2, 3]
    assert [entry.audience for entry in history.entries] == [EVERYONE, EVERYONE, SERVICE_TEAM]
    assert history.entries[2].event.text == "b"
    assert history.after(3) == []


async def test_the_events_have_the_numbers_and_tags_of_the_log(log: Log, writer: Writer) -> None:
    events = starts(), says("a")
    head = await writer.append(*events)
    assert [event.seq for event in events] == [1, 2]
    assert head == Position(writer.position.epoch, 2, events[1].tag)
    assert [entry.event for entry in (await writer.history()).entries] == list(events)


async def test_a_log_keeps_what_can_be_sent_and_more(writer: Writer) -> None:
    """Each kind of event, with text of every kind, comes back as it was."""
    event = says("\0 ' \u202e \N{CHAIR} \n" + "x" * 5000)
    await writer.append(event, audience=Audience(who=(ALICE, BOB)))
    [entry] = (await writer.history()).entries
    assert entry.event == event
    assert entry.audience.who == (ALICE, BOB)


async def test_what_was_decided_on_a_state_that_has_moved_conflicts(log: Log, writer: Writer) -> None:
    late = Writer(log, writer.position)
    await writer.append(starts())
    with pytest.raises(Conflict):
        await late.append(says("too late"), commands=[(ALICE, 1)])
    loaded = await log.load(ROOM)
    assert loaded is not None
    assert len(loaded.history.entries) == 1
    assert loaded.windows == {}, "a conflict leaves no trace"


async def test_talk_never_stands_in_the_way_of_talk(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    other = Writer(log, writer.position)
    other.version = writer.version
    await writer.append(says("b"), says("c"))
    event = says("d")
    head = await other.append(event)
    assert (event.seq, event.tag) == (head.seq, head.tag) == (5, head.tag)
    assert [entry.event.text for entry in other.missed] == ["b", "c"]
    assert [entry.event.seq for entry in other.missed] == [3, 4]
    assert await writer.texts() == ["a", "b", "c", "d"]


async def test_talk_conflicts_with_what_has_moved(log: Log, writer: Writer) -> None:
    other = Writer(log, writer.position)
    await writer.append(says("a"))
    await other.append(starts())
    with pytest.raises(Conflict):
        await writer.append(says("b"))
    assert await writer.texts() == ["a"]


async def test_another_epoch_conflicts(log: Log, writer: Writer) -> None:
    await log.abandon(ROOM, writer.position)
    await log.begin(ROOM, Loaded(Position("another")), None)
    with pytest.raises(Conflict):
        await writer.append(says("a"))


async def test_tags_are_chained_over_all_events(log: Log, writer: Writer) -> None:
    await log.begin(OTHER, Loaded(Position("other")), None)
    there = Writer(log, Position("other"), OTHER)
    await writer.append(says("a"))
    await there.append(says("b"))
    assert (await writer.append(says("c"))).tag != (await there.append(says("c"))).tag
    history = await writer.history()
    assert [history.tag_at(seq) for seq in (1, 2)] == [entry.event.tag for entry in history.entries]


async def test_commands_carried_out_are_remembered(writer: Writer) -> None:
    await writer.append(says("a"), says("b"), commands=[(ALICE, 1), (BOB, 7), (ALICE, 3)])
    await writer.append(commands=[(BOB, 6)])  # one that changed nothing
    windows = await writer.windows()
    assert [windows[ALICE].has(command) for command in (1, 2, 3, 4)] == [True, False, True, False]
    assert [windows[BOB].has(command) for command in (5, 6, 7)] == [False, True, True]
    assert (windows[ALICE].last, windows[BOB].last) == (3, 7)


async def test_a_command_is_carried_out_once_whoever_asks(log: Log, writer: Writer) -> None:
    other = Writer(log, writer.position)
    await writer.append(says("a"), commands=[(ALICE, 1), (ALICE, 2)])
    for again in ([(ALICE, 2)], [(ALICE, 1)], [(BOB, 1), (ALICE, 1)]):
        with pytest.raises(Conflict):
            await other.append(says("again"), commands=again)
    await other.append(says("b"), commands=[(ALICE, 3)])
    assert await writer.texts() == ["a", "b"]


@given(st.lists(st.integers(1, 200), max_size=40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each in a room of its own
async def test_any_order_of_commands_is_remembered_alike(log: Log, ids: list[int]) -> None:
    room = RoomId(secrets.token_hex(8))
    await log.begin(room, Loaded(Position("epoch")), None)
    writer, window = Writer(log, Position("epoch"), room), Window()
    for command in ids:
        if window.has(command) is False:
            window.add(command)
            await writer.append(commands=[(ALICE, command)])
        else:
            with pytest.raises(Conflict):
                await writer.append(commands=[(ALICE, command)])
    assert (await writer.windows()).get(ALICE, Window()) == window


async def test_whoever_missed_talk_is_told_whose_commands_it_was(log: Log, writer: Writer) -> None:
    other = Writer(log, writer.position)
    await other.append(says("b", by=BOB), commands=[(BOB, 7)])
    await other.append(says("c", by=BOB), commands=[(BOB, 9)])
    await writer.append(says("a"), commands=[(ALICE, 3)])
    assert {who: writer.windows_told[who] for who in (ALICE, BOB)} == await writer.windows()


async def test_everybody_may_ask_at_once(writer: Writer) -> None:
    everybody = [ParticipantId(f"{number}") for number in range(9000)]
    await writer.append(says("a"), commands=[(who, 1) for who in everybody])
    await writer.append(says("b"), commands=[(who, 2) for who in everybody])
    assert await writer.windows() == writer.known


async def test_a_log_knows_what_was_carried_out_better_than_who_appends(writer: Writer) -> None:
    await writer.append(says("a"), commands=[(ALICE, 1), (BOB, 70)])
    for wrong in ({}, {ALICE: Window(2, 0b10)}, {ALICE: Window(1, 1), BOB: Window()}):
        with pytest.raises(Conflict):
            await writer.append(says("again"), commands=[(ALICE, 1)], windows=wrong)
        new = (await writer.windows())[ALICE].last + 1
        await writer.append(says("b"), commands=[(ALICE, new), (BOB, 70 + new)], windows=wrong)
        windows = await writer.windows()
        assert windows == writer.known
        assert all(windows[who].has(command) for who, command in [(ALICE, 1), (ALICE, new), (BOB, 70), (BOB, 70 + new)])


async def test_commands_of_those_who_will_not_come_back_are_forgotten(writer: Writer) -> None:
    await writer.append(says("a"), commands=[(ALICE, 1), (BOB, 1)])
    await writer.append(says("b"), commands=[(ALICE, 2)], parted=[ALICE])
    assert set(await writer.windows()) == {BOB}


async def test_what_was_loaded_is_the_loaders_own(log: Log, writer: Writer) -> None:
    await writer.append(says("a"), commands=[(ALICE, 1)])
    loaded = await log.load(ROOM)
    assert loaded is not None
    loaded.windows[ALICE].add(5)
    loaded.history.entries.clear()
    again = await log.load(ROOM)
    assert again is not None
    assert again.windows[ALICE].last == 1
    assert len(again.history.entries) == 1


async def test_text_that_was_taken_back_is_gone(writer: Writer) -> None:
    unsayable = says("unsayable")
    await writer.append(starts(), unsayable, says("b"))
    await writer.append(says("c"), forget=[unsayable])
    history = await writer.history()
    assert [entry.event.seq for entry in history.entries] == [1, 2, 3, 4]
    assert await writer.texts() == ["a", "", "b", "c"][1:]
    assert history.entries[1].audience == Audience()
    assert history.entries[1].event.tag == unsayable.tag == history.tag_at(2)


async def test_text_can_be_taken_back_in_the_batch_that_says_it(log: Log, writer: Writer) -> None:
    other = Writer(log, writer.position)
    await other.append(says("a"))
    unsayable = says("unsayable")
    unsayable.seq = 1  # as it was decided; the log makes it 2
    await writer.append(unsayable, forget=[unsayable])
    assert await writer.texts() == ["a", ""]


async def test_a_snapshot_stands_for_what_was_before_it(log: Log, writer: Writer) -> None:
    at = await writer.append(starts(), says("a"))
    await log.save(ROOM, b"the state", at)
    await writer.append(says("b"))
    loaded = await log.load(ROOM)
    assert loaded is not None
    assert (loaded.snapshot, loaded.saved, loaded.version) == (b"the state", 2, 1)
    assert [entry.event.seq for entry in loaded.history.after(2) or ()] == [3]
    assert len(loaded.history.after(0) or ()) == 3, "whoever was away for a moment still resumes"


async def test_what_lies_two_snapshots_back_is_too_old(log: Log, writer: Writer) -> None:
    first = await writer.append(starts(), says("a"))
    await log.save(ROOM, b"one", first)
    second = await writer.append(says("b"))
    await log.save(ROOM, b"two", second)
    await log.save(ROOM, b"one again, from a worker that is late", first)
    loaded = await log.load(ROOM)
    assert loaded is not None
    history = loaded.history
    assert (loaded.snapshot, history.after(1)) == (b"two", None)
    assert [entry.event.seq for entry in history.after(2) or ()] == [3]
    await writer.append(says("c"))
    assert [entry.event.seq for entry in (await writer.history()).after(2) or ()] == [3, 4]


async def test_the_tags_of_what_is_too_old_are_still_known(log: Log, writer: Writer) -> None:
    """For those who come back from a log that has lost its end since; and the next batch is chained to the last."""
    positions = [writer.position]
    for number in range(1, 6):
        positions += [await writer.append(says(f"{number} a")), await writer.append(says(f"{number} b"))]
        await log.save(ROOM, b"the state", positions[-1])
    history = await writer.history()
    assert [history.tag_at(seq) for seq in range(12)] == [*(position.tag for position in positions), None]
    assert history.former("epoch").tags == tuple(position.tag for position in positions)
    assert history.first == 9


async def test_only_so_many_tags_are_kept(writer: Writer, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("server.log", "server.log.redis"):
        monkeypatch.setattr(f"{module}.TAGS_KEPT", 3)
    for number in range(1, 7):
        await log.save(ROOM, b"the state", await writer.append(says(f"{number}")))
    history = await writer.history()
    assert [history.tag_at(seq) is None for seq in range(7)] == [False, True, True, False, False, False, False]
    assert history.former("epoch").tags == tuple(history.tag_at(seq) for seq in range(3, 7))


async def test_text_that_is_too_old_to_be_kept_can_still_be_taken_back(log: Log, writer: Writer) -> None:
    old = says("a")
    await log.save(ROOM, b"one", await writer.append(starts(), old))
    await log.save(ROOM, b"two", await writer.append(says("b")))
    await writer.append(says("c"), forget=[old])
    assert await writer.texts() == ["b", "c"]


async def test_a_room_can_be_written_back(log: Log, writer: Writer) -> None:
    """As it is done by a worker that has more of it than the log has after a crash."""
    await log.save(ROOM, b"the state", await writer.append(starts(), says("a"), commands=[(ALICE, 1)]))
    await writer.append(says("b"), says("c"))
    loaded = await log.load(ROOM)
    assert loaded is not None
    loaded.was = (Former("epoch", 3, ("tag", "before")),)
    await log.abandon(ROOM, writer.position)
    await log.begin(ROOM, Loaded(Position("behind")), None)
    loaded.position = Position("restored", loaded.position.seq, loaded.position.tag)
    assert not await log.begin(ROOM, loaded, None)
    assert not await log.begin(ROOM, loaded, Position("other"))
    assert await log.begin(ROOM, loaded, Position("behind"))
    assert await log.load(ROOM) == loaded
    writer.position = loaded.position
    await writer.append(says("d"))
    assert await writer.texts() == ["a", "b", "c", "d"]


async def test_many_rooms_say_where_they_stand(log: Log, writer: Writer) -> None:
    await writer.append(says("a"))
    assert await log.heads([OTHER, ROOM]) == [None, writer.position]


async def test_after_the_wipe_nothing_is_left_and_nothing_begins_again(log: Log, writer: Writer) -> None:
    await log.save(ROOM, b"the state", await writer.append(starts(), commands=[(ALICE, 1)]))
    await log.wipe(ROOM)
    await log.wipe(ROOM)  # again does no harm
    with pytest.raises(Wiped):
        await log.load(ROOM)
    with pytest.raises(Conflict):
        await writer.append(says("a"))
    assert not await log.begin(ROOM, Loaded(Position("again")), None)
    assert await log.heads([ROOM]) == [None]


async def test_a_room_is_abandoned_unless_somebody_came(log: Log, writer: Writer) -> None:
    empty = writer.position
    await writer.append(says("a"))
    await log.abandon(ROOM, empty)
    assert await writer.texts() == ["a"]
    await log.abandon(ROOM, writer.position)
    assert await log.load(ROOM) is None
    assert await log.begin(ROOM, Loaded(Position("again")), None)


async def test_whoever_has_most_of_a_lost_room_writes_it_back(log: Log) -> None:
    assert await log.has_most(ROOM, 4)
    if isinstance(log, RedisLog):
        assert await asyncio.gather(*(log.has_most(OTHER, seq) for seq in (7, 9, 8))) == [False, True, False]


def test_a_window_remembers_64_ids() -> None:
    window = Window()
    for command in (1, 2, WINDOW + 1):
        window.add(command)
    assert window.last == WINDOW + 1
    assert window.has(1) is None, "below the window nobody knows"
    assert window.has(2) is True
    assert window.has(3) is False
    window.add(3)
    assert window.has(3) is True
    window.add(2**53 - 1)
    assert window.has(3) is None
    assert window.has(2**53 - 2) is False
