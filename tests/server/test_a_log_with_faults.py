"""What a room does when its log conflicts, is away, or loses an answer. A log as fickle as another machine's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rooms import room
from rooms.chat import Celebrate, Said
from rooms.vocabulary import EVERYONE, MessageId, ParticipantId, RoomId
from server.hub import Hub
from server.log import Appended, Batch, Conflict, Entry, Loaded, Unavailable, payload_of
from server.log.memory import MemoryLog
from tests.server.kit import Served, it_is_so, serving

OTHER = ParticipantId("other")


class FickleLog(MemoryLog):
    """The log in memory, and what may happen to one that is reached over a line."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.loses_the_next_answer = False
        self.somebody_else_is_faster = False
        self.somebody_else_talks = False
        self.breaks = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def append(self, of: RoomId, batch: Batch) -> Appended:
        if self.is_away:
            raise Unavailable
        if self.breaks:
            raise RuntimeError("of a kind that nobody expects")
        if self.somebody_else_is_faster:
            self.somebody_else_is_faster = False
            await self.another_worker_says(of, "I was faster")
            raise Conflict
        if self.somebody_else_talks:
            self.somebody_else_talks = False
            await self.another_worker_says(of, "I was faster")
        await self.answers.wait()
        appended = await super().append(of, batch)
        if self.loses_the_next_answer:
            self.loses_the_next_answer = False
            raise Unavailable
        return appended

    async def load(self, of: RoomId) -> Loaded | None:
        if self.is_away:
            raise Unavailable
        return await super().load(of)

    async def wipe(self, of: RoomId) -> None:
        if self.is_away:
            raise Unavailable
        await super().wipe(of)

    async def another_worker_says(self, of: RoomId, text: str) -> None:
        log = self._rooms[of]
        entry = Entry(Said(MessageId("other-1"), text, "everyone", at=1, by=OTHER), EVERYONE)
        await super().append(
            of, Batch(log.position, log.version, log.version, [entry], [payload_of(entry)], [(OTHER, 7)])
        )


@pytest.fixture
async def fickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Served, FickleLog]]:
    monkeypatch.setattr("server.app.MemoryLog", FickleLog)
    monkeypatch.setattr("server.replica.AGAIN_SECONDS", 0.1)
    async with serving(tmp_path) as served:
        assert isinstance(served.log, FickleLog)
        await served.a_meeting()
        yield served, served.log


async def test_after_a_conflict_the_command_is_decided_again_on_what_happened(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    log.somebody_else_is_faster = True
    await alice.does("say", text="And I was second")
    await bob.until("said", text="And I was second")
    for person in (alice, bob):
        assert [event["text"] for event in person.events if event["t"] == "said"] == [
            "I was faster",
            "And I was second",
        ]
    assert served.app.metrics.stats.conflicts == 1
    chat = (await served.comes("Charlie")).room["chat"]
    assert chat["messages"] == []


@pytest.mark.parametrize(
    "ours", [{"t": "say", "text": "And I was second"}, {"t": "celebrate", "count": 1, "unit": "years"}]
)
async def test_talk_of_another_worker_that_the_log_has_put_first_is_told_first(
    fickle: tuple[Served, FickleLog], ours: dict[str, Any]
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    await alice.until("joined", who=bob.id)
    heard = len(alice.events)
    log.somebody_else_talks = True
    answer = await alice.ask(**ours)
    assert answer["t"] == "ack"
    await bob.until(alice.events[-1]["t"], by=alice.id)
    assert bob.events == alice.events[heard:]
    assert [event["by"] for event in bob.events] == ["other", alice.id]
    assert answer["seq"] == bob.events[-1]["seq"] == bob.welcome["seq"] + 2
    assert served.app.metrics.stats.conflicts == 0
    [replica] = served.replicas
    assert replica.last_command(OTHER) == 7, "whatever becomes of the log, it is not carried out again"


async def test_while_the_log_is_away_commands_are_unavailable_and_may_be_sent_again(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    log.is_away = True
    refusal = await alice.ask("say", text="Can you hear me?")
    assert (refusal["code"], refusal["retry_after"]) == ("unavailable", 1)
    newcomer = await served.connected()
    assert (await newcomer.hello(name="Charlie"))["code"] == "unavailable"
    assert await newcomer.closing_code() == 4001
    log.is_away = False
    await alice.send({"t": "say", "id": refusal["id"], "text": "Can you hear me?"})
    assert (await alice.answer(refusal["id"]))["t"] == "ack"
    assert [event["seq"] for event in bob.events] == []
    assert (await bob.until("said"))["seq"] == bob.welcome["seq"] + 1


async def test_what_was_carried_out_though_the_answer_was_lost_is_told_and_not_repeated(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    log.loses_the_next_answer = True
    refusal = await alice.ask("say", text="once")
    assert refusal["code"] == "unavailable"
    assert (await bob.until("said"))["text"] == "once"
    await alice.send({"t": "say", "id": refusal["id"], "text": "once"})
    assert (await alice.answer(refusal["id"]))["t"] == "ack"
    await bob.does("say", text="heard")
    await alice.until("said", text="heard")
    for person in (alice, bob):
        assert [event["text"] for event in person.events if event["t"] == "said"] == ["once", "heard"]


async def test_a_deadline_that_could_not_be_met_is_met_when_the_log_is_back(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    log.is_away = True
    await alice.leave_the_line()
    await bob.is_refused("say", text="Is anybody here?")
    log.is_away = False
    assert (await bob.until("away"))["who"] == alice.id


async def test_an_error_of_our_own_costs_an_answer_and_the_room_goes_on(
    fickle: tuple[Served, FickleLog], capsys: pytest.CaptureFixture[str]
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    log.breaks = True
    assert await alice.is_refused("say", text="unlucky words") == "unavailable"
    log.breaks = False
    await alice.does("say", text="Good again")
    assert (await bob.until("said"))["text"] == "Good again"
    assert served.app.metrics.stats.faults == 1
    served.app.metrics.stats.faults = 0
    told = capsys.readouterr()
    assert "RuntimeError" in told.out + told.err
    assert "unlucky" not in told.out + told.err
    assert "expects" not in told.out + told.err


async def test_a_bug_in_a_rule_costs_nobody_else_anything(
    fickle: tuple[Served, FickleLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, _ = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(room._COMMANDS, Celebrate, broken)
    await bob.tell("say", text="meanwhile")
    assert await alice.is_refused("celebrate", count=1, unit="years") == "unavailable"
    await alice.sees("said", text="meanwhile")
    assert served.app.metrics.stats.faults == 1
    served.app.metrics.stats.faults = 0


async def test_what_is_true_and_was_not_told_is_heard_by_those_who_come_back(
    fickle: tuple[Served, FickleLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, _ = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")

    def broken(*_: object) -> None:
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr(Hub, "publish", broken)
    command = await alice.tell("say", text="once")
    assert [await alice.closing_code(), await bob.closing_code()] == [1011, 1011]
    alice, bob = await served.resumes(alice), await served.resumes(bob)
    assert alice.welcome["last"] == command
    await bob.sees("said", text="once")
    await alice.send({"t": "say", "id": command, "text": "once"})
    assert (await alice.answer(command))["t"] == "ack"
    await bob.does("say", text="heard")
    assert [event["text"] for event in bob.events if event["t"] == "said"] == ["once", "heard"]
    assert served.app.metrics.stats.faults == 1
    served.app.metrics.stats.faults = 0


async def the_log_is_asked(served: Served, waiting: int = 0) -> None:
    """Wait until the log has something to do that it does not answer, and so many things wait behind that."""
    [replica] = served.replicas
    await it_is_so(served, lambda: replica._is_busy and len(replica._inbox) == waiting)


async def test_whoever_arrives_while_the_room_ends_is_told_that_it_is_over(fickle: tuple[Served, FickleLog]) -> None:
    served, log = fickle
    alice, late = await served.comes("Alice"), await served.connected()
    log.answers.clear()
    served.end_all()
    await the_log_is_asked(served)
    await late.send({"t": "hello", "name": "Late"})
    await alice.tell("say", text="Too late")
    await the_log_is_asked(served, waiting=2)
    log.answers.set()
    assert (await late.receive())["code"] == "ended"
    assert [await late.closing_code(), await alice.closing_code()] == [1000, 1000]
    await served.rooms_are_gone()


async def test_whoever_hangs_up_before_they_are_let_in_was_never_here(fickle: tuple[Served, FickleLog]) -> None:
    served, log = fickle
    alice, gone = await served.comes("Alice"), await served.connected()
    log.answers.clear()
    await alice.tell("say", text="Is anybody there?")
    await the_log_is_asked(served)
    await gone.send({"t": "hello", "name": "Gone"})
    await the_log_is_asked(served, waiting=1)
    await gone.leave_the_line()
    await it_is_so(served, lambda: served.app.protocol.watch.open == 1)
    log.answers.set()
    await alice.does("say", text="Nobody")
    assert [event["t"] for event in alice.events] == ["said", "said"]


async def test_whoever_comes_back_in_the_very_turn_in_which_they_count_as_gone_is_not_heard_twice(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    command = await alice.tell("say", text="once")
    await bob.until("said")
    await alice.leave_the_line()
    await bob.until("away")
    log.answers.clear()
    await bob.tell("say", text="Where is she?")
    await the_log_is_asked(served)
    served.pass_time(300_000)
    again = await served.connected()
    await again.send({"t": "hello", "seat": alice.welcome["seat"]})
    await the_log_is_asked(served, waiting=2)
    log.answers.set()
    await bob.until("joined")
    assert [event["t"] for event in bob.events[-2:]] == ["left", "joined"]
    assert (await again.receive())["last"] == command
    await again.send({"t": "say", "id": command, "text": "once"})
    assert (await again.answer(command))["t"] == "ack"
    await bob.does("say", text="There she is")
    assert [event["text"] for event in bob.events if event["t"] == "said"] == ["once", "Where is she?", "There she is"]


async def test_what_somebody_says_while_being_removed_is_not_said(fickle: tuple[Served, FickleLog]) -> None:
    served, log = fickle
    keys = (await served.a_meeting(slug="other")).keys
    fay, alice = await served.comes("Fay", "other", key=keys.host), await served.comes("Alice", "other")
    log.answers.clear()
    await fay.tell("say", text="Please, Alice")
    await the_log_is_asked(served)
    await fay.tell("remove", who=alice.id)
    await the_log_is_asked(served, waiting=1)
    await alice.tell("say", text="And another thing")
    await the_log_is_asked(served, waiting=2)
    log.answers.set()
    assert await alice.closing_code() == 4003
    await fay.does("say", text="Let us go on")
    assert [event["text"] for event in fay.events if event["t"] == "said"] == ["Please, Alice", "Let us go on"]


async def test_a_meeting_that_is_deleted_while_the_log_is_away_ends_when_it_is_back(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice = await served.comes("Alice")
    log.is_away = True
    await served.app.schedule.delete("circle")
    assert await alice.is_refused("say", text="Is anybody here?") == "unavailable"
    log.is_away = False
    await alice.until("ended")
    assert await alice.closing_code() == 1000
    await served.rooms_are_gone()


async def test_a_log_that_goes_away_at_the_end_is_wiped_when_it_is_back(
    fickle: tuple[Served, FickleLog],
) -> None:
    served, log = fickle
    alice = await served.comes("Alice")
    log.answers.clear()
    served.end_all()
    await the_log_is_asked(served)
    log.is_away = True
    log.answers.set()
    assert await alice.closing_code() == 1000
    late = await served.connected()
    assert (await late.hello(name="Late"))["code"] == "ended"
    assert served.logs_in_memory
    log.is_away = False
    await served.rooms_are_gone()
    assert not served.logs_in_memory
    assert served.app.metrics.stats.unavailable > 0
