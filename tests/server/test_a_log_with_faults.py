"""What a room does when its log conflicts, is away, or loses an answer. A log as fickle as another machine's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rooms import room
from rooms.chat import Celebrate, Said
from rooms.vocabulary import EVERYONE, MessageId, ParticipantId, RoomId
from server.log import Appended, Batch, Conflict, Entry, Loaded, Unavailable, payload_of
from server.log.memory import MemoryLog
from tests.server.kit import Served, serving


class FickleLog(MemoryLog):
    """The log in memory, and what may happen to one that is reached over a line."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.loses_the_next_answer = False
        self.somebody_else_is_faster = False
        self.breaks = False

    async def append(self, of: RoomId, batch: Batch) -> Appended:
        if self.is_away:
            raise Unavailable
        if self.breaks:
            raise RuntimeError("of a kind that nobody expects")
        if self.somebody_else_is_faster:
            self.somebody_else_is_faster = False
            await self.another_worker_says(of, "I was faster")
            raise Conflict
        appended = await super().append(of, batch)
        if self.loses_the_next_answer:
            self.loses_the_next_answer = False
            raise Unavailable
        return appended

    async def load(self, of: RoomId) -> Loaded | None:
        if self.is_away:
            raise Unavailable
        return await super().load(of)

    async def another_worker_says(self, of: RoomId, text: str) -> None:
        log = self._rooms[of]
        entry = Entry(Said(MessageId("other-1"), text, "everyone", at=1, by=ParticipantId("other")), EVERYONE)
        await super().append(of, Batch(log.position, log.version, [entry], [payload_of(entry)]))


@pytest.fixture
async def fickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Served, FickleLog]]:
    monkeypatch.setattr("server.app.MemoryLog", FickleLog)
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
