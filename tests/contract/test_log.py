"""What every log keeps: the same tests for each implementation."""

import pytest

from rooms.agenda import Started
from rooms.chat import Said
from rooms.room import AnyEvent
from rooms.vocabulary import EVERYONE, SERVICE_TEAM, Audience, MessageId, ParticipantId, RoomId
from server.log import WINDOW, Batch, Conflict, Entry, Log, Position, TooOld, Window, next_tag
from server.log.memory import MemoryLog

ROOM, OTHER = RoomId("circle.1"), RoomId("circle.2")
ALICE, BOB = ParticipantId("alice"), ParticipantId("bob")


@pytest.fixture(params=[MemoryLog])
async def log(request: pytest.FixtureRequest) -> Log:
    made: Log = request.param()
    return made


def says(text: str) -> Said:
    return Said(MessageId(text), text, "everyone", at=1, by=ALICE)


def starts() -> Started:
    return Started(ends_at=2, at=1)


class Writer:
    """Appends as a replica does: it numbers and chains what was decided, and knows the state's version."""

    def __init__(self, log: Log, position: Position, room: RoomId = ROOM) -> None:
        self.log, self.room, self.position, self.version = log, room, position, 0

    def batch(
        self,
        *events: AnyEvent,
        audience: Audience = EVERYONE,
        commands: list[tuple[ParticipantId, int]] | None = None,
        forget: list[int] | None = None,
        parted: list[ParticipantId] | None = None,
    ) -> Batch:
        seq, tag = self.position.seq, self.position.tag
        for event in events:
            tag = next_tag(tag, event)
            seq += 1
            event.seq, event.tag = seq, tag
        return Batch(
            [Entry(event, audience) for event in events], self.version, commands or [], forget or [], parted or []
        )

    async def append(self, *events: AnyEvent, **more: object) -> Position:
        batch = self.batch(*events, **more)  # type: ignore[arg-type]
        self.position = await self.log.append(self.room, batch)
        self.version = max([self.version, *(event.seq for event in events if event.moves)])
        return self.position


@pytest.fixture
async def writer(log: Log) -> Writer:
    return Writer(log, (await log.load(ROOM)).position)


async def test_a_new_log_is_empty_and_has_an_epoch_of_its_own(log: Log) -> None:
    here, there = await log.load(ROOM), await log.load(OTHER)
    assert (here.position.seq, here.position.tag, here.entries, here.snapshot) == (0, "", [], None)
    assert here.position.epoch
    assert here.position.epoch != there.position.epoch
    assert (await log.load(ROOM)).position == here.position


async def test_what_is_appended_is_read_in_order(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    head = await writer.append(says("b"), audience=SERVICE_TEAM)
    assert head.seq == 3
    entries = await log.read(ROOM, 0)
    assert [entry.event.seq for entry in entries] == [1, 2, 3]
    assert [entry.audience for entry in entries] == [EVERYONE, EVERYONE, SERVICE_TEAM]
    assert entries[2].event.text == "b"
    assert [entry.event.seq for entry in await log.read(ROOM, 2)] == [3]
    assert await log.read(ROOM, 3) == []


async def test_a_room_hears_nothing_of_another(log: Log, writer: Writer) -> None:
    await writer.append(starts())
    assert (await log.load(OTHER)).entries == []


async def test_a_log_reads_back_what_it_was_given(log: Log, writer: Writer) -> None:
    head = await writer.append(starts(), says("a"))
    loaded = await log.load(ROOM)
    assert loaded.position == head
    assert [entry.event.tag for entry in loaded.entries][-1] == head.tag


async def test_what_was_decided_on_a_state_that_has_moved_conflicts(log: Log, writer: Writer) -> None:
    late = Writer(log, writer.position)
    await writer.append(starts())
    with pytest.raises(Conflict):
        await late.append(says("too late"))
    assert len(await log.read(ROOM, 0)) == 1


async def test_a_conflict_leaves_no_trace_of_its_commands(log: Log, writer: Writer) -> None:
    late = Writer(log, writer.position)
    await writer.append(starts())
    with pytest.raises(Conflict):
        await late.append(says("too late"), commands=[(ALICE, 1)])
    assert (await log.load(ROOM)).windows == {}


async def test_the_tag_of_every_kept_event_is_known(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    tags = [entry.event.tag for entry in await log.read(ROOM, 0)]
    assert [await log.tag_at(ROOM, seq) for seq in (1, 2)] == tags
    assert await log.tag_at(ROOM, 0) == ""
    assert await log.tag_at(ROOM, 3) is None
    assert await log.tag_at(ROOM, -1) is None


async def test_tags_tell_two_histories_apart(log: Log) -> None:
    first = Writer(log, (await log.load(ROOM)).position)
    second = Writer(log, (await log.load(OTHER)).position, OTHER)
    await first.append(says("a"))
    await second.append(says("b"))
    same = says("c"), says("c")
    assert (await first.append(same[0])).tag != (await second.append(same[1])).tag


async def test_nobody_reads_beyond_the_head_or_before_the_beginning(log: Log, writer: Writer) -> None:
    await writer.append(starts())
    for after in (-1, 2):
        with pytest.raises(TooOld):
            await log.read(ROOM, after)


async def test_commands_carried_out_are_remembered(log: Log, writer: Writer) -> None:
    await writer.append(says("a"), says("b"), commands=[(ALICE, 1), (BOB, 7), (ALICE, 3)])
    await writer.append(commands=[(BOB, 6)])  # one that changed nothing
    windows = (await log.load(ROOM)).windows
    assert [windows[ALICE].has(command) for command in (1, 2, 3, 4)] == [True, False, True, False]
    assert [windows[BOB].has(command) for command in (5, 6, 7)] == [False, True, True]
    assert (windows[ALICE].last, windows[BOB].last) == (3, 7)


async def test_commands_of_those_who_will_not_come_back_are_forgotten(log: Log, writer: Writer) -> None:
    await writer.append(says("a"), commands=[(ALICE, 1), (BOB, 1)])
    await writer.append(says("b"), commands=[(ALICE, 2)], parted=[ALICE])
    assert set((await log.load(ROOM)).windows) == {BOB}


async def test_what_was_loaded_is_the_loaders_own(log: Log, writer: Writer) -> None:
    await writer.append(says("a"), commands=[(ALICE, 1)])
    loaded = await log.load(ROOM)
    loaded.windows[ALICE].add(5)
    loaded.entries.clear()
    again = await log.load(ROOM)
    assert again.windows[ALICE].last == 1
    assert len(again.entries) == 1


async def test_text_that_was_taken_back_is_gone(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("unsayable"), says("b"))
    await writer.append(says("c"), forget=[2])
    entries = await log.read(ROOM, 0)
    assert [entry.event.seq for entry in entries] == [1, 2, 3, 4]
    assert entries[1].event.text == ""
    assert entries[1].audience == Audience()
    assert entries[1].event.tag == await log.tag_at(ROOM, 2)


async def test_a_snapshot_stands_for_what_was_before_it(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    await log.save(ROOM, b"the state", 2)
    await writer.append(says("b"))
    loaded = await log.load(ROOM)
    assert loaded.snapshot == b"the state"
    assert [entry.event.seq for entry in loaded.entries] == [3]
    assert len(await log.read(ROOM, 0)) == 3  # whoever was away for a moment still resumes


async def test_what_lies_two_snapshots_back_is_too_old(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    await log.save(ROOM, b"one", 2)
    await writer.append(says("b"))
    await log.save(ROOM, b"two", 3)
    with pytest.raises(TooOld):
        await log.read(ROOM, 1)
    assert [entry.event.seq for entry in await log.read(ROOM, 2)] == [3]
    assert await log.tag_at(ROOM, 1) is None
    assert await log.tag_at(ROOM, 2) is not None
    assert (await log.load(ROOM)).entries == []
    await writer.append(says("c"))
    assert [entry.event.seq for entry in await log.read(ROOM, 2)] == [3, 4]


async def test_text_that_is_too_old_to_be_kept_can_still_be_taken_back(log: Log, writer: Writer) -> None:
    await writer.append(starts(), says("a"))
    await log.save(ROOM, b"one", 2)
    await log.save(ROOM, b"two", 2)
    await writer.append(says("b"), forget=[2])
    assert [entry.event.text for entry in await log.read(ROOM, 2)] == ["b"]


async def test_after_the_wipe_nothing_is_left(log: Log, writer: Writer) -> None:
    await writer.append(starts(), commands=[(ALICE, 1)])
    await log.save(ROOM, b"the state", 1)
    await log.wipe(ROOM)
    await log.wipe(ROOM)  # again does no harm
    with pytest.raises(TooOld):
        await log.read(ROOM, 0)
    loaded = await log.load(ROOM)
    assert (loaded.position.seq, loaded.snapshot, loaded.windows) == (0, None, {})
    assert loaded.position.epoch != writer.position.epoch


async def test_nothing_is_appended_to_a_log_that_was_wiped(log: Log, writer: Writer) -> None:
    await writer.append(starts())
    await log.wipe(ROOM)
    with pytest.raises((TooOld, Conflict)):
        await writer.append(says("a"))
    assert (await log.load(ROOM)).entries == []


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
