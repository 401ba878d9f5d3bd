"""Rooms open and close: with the schedule, beside each other, and when something fails."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rooms.vocabulary import RoomId
from server.schedule.keys import new_keys
from server.schedule.meetings import Schedule
from tests.server.kit import MINUTE, SECONDS, Served, serving


async def test_links_that_were_made_anew_hold_for_an_open_room_too(served: Served) -> None:
    given = await served.a_meeting(passcode="old")
    fay = await served.comes("Fay", key=given.keys.host)
    stored = await served.app.schedule.get("circle")
    assert stored is not None
    anew = new_keys()
    await served.app.schedule.change("circle", stored.meeting, anew.kept("new"))
    served.clock.ahead += 2000
    leaked = await served.connected()
    assert (await leaked.hello(name="Mallory", key=given.keys.host))["code"] == "bad_key"
    stranger = await served.connected()
    assert (await stranger.hello(name="Mallory", passcode="old"))["code"] == "bad_passcode"
    await served.comes("Alice", passcode="new")
    assert (await served.comes("Colin", key=anew.host)).welcome["role"] == "cofacilitator"
    await fay.does("say", text="My seat is as good as before")


async def test_a_meeting_that_is_deleted_ends_its_room(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    silent = await served.connected()
    await served.app.schedule.delete("circle")
    assert (await alice.until("ended"))["t"] == "ended"
    assert await alice.closing_code() == 1000
    await served.rooms_are_gone()
    assert (await silent.hello(name="Bob"))["code"] == "ended"
    assert await silent.closing_code() == 1000


async def test_whoever_says_hello_just_after_the_end_does_not_open_the_room_again(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay = await served.comes("Fay", key=keys.host)
    late = await served.connected()
    await fay.does("end")
    await served.rooms_are_gone()
    refusal = await late.hello(name="Late")
    assert (refusal["t"], refusal["code"]) == ("refused", "ended")
    assert await late.closing_code() == 1000
    assert served.replicas == []


async def test_rooms_do_not_hear_each_other(served: Served) -> None:
    for slug in ("here", "there"):
        await served.a_meeting(slug=slug)
    alice, bob = await served.comes("Alice", room="here"), await served.comes("Bob", room="there")
    await alice.does("say", text="here")
    await bob.does("say", text="there")
    assert [event["text"] for event in alice.events] == ["here"]
    assert [event["text"] for event in bob.events] == ["there"]


@pytest.fixture
def looked_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the schedule was asked for."""
    asked: list[str] = []
    occurrence = served.app.schedule.occurrence

    async def noted(room: str, now: int) -> Any:
        asked.append(room)
        return await occurrence(room, now)

    monkeypatch.setattr(served.app.schedule, "occurrence", noted)
    return asked


async def test_everybody_who_comes_at_once_is_looked_up_once(served: Served, looked_up: list[str]) -> None:
    await served.a_meeting()
    found = await asyncio.gather(*(served.app.house.find("circle") for _ in range(100)))
    assert len(set(map(id, found))) == 1
    assert looked_up == ["circle"]


async def test_who_waits_before_the_doors_is_not_looked_up_one_by_one(
    served: Served, looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.house.SECRETS_KEPT", 10 * MINUTE)
    await served.a_meeting(starts_in=60 * MINUTE)
    for _ in range(10):
        assert (await (await served.connected()).hello(name="Early"))["reason"] == "doors"
    assert len(looked_up) == 2, "for the first, and for the next who finds the first there"
    served.clock.ahead += 10 * MINUTE
    await served.connected()
    assert len(looked_up) == 3, "the schedule may have changed"


async def test_a_schedule_that_is_away_is_told_and_open_rooms_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await served.a_meeting(passcode="sesame")
    await served.a_meeting(slug="other")
    alice = await served.comes("Alice", passcode="sesame")

    async def away(*_: object) -> None:
        raise OSError("the disk is gone")

    for method in ("occurrence", "get"):
        monkeypatch.setattr(served.app.schedule, method, away)
    served.clock.ahead += 2000
    bob = await served.comes("Bob", passcode="sesame")
    await alice.until("joined", who=bob.id)
    stranger = await served.connected("other")
    assert (await stranger.hello(name="Charlie"))["code"] == "unavailable"
    assert await stranger.closing_code() == 4001
    assert served.app.metrics.stats.faults == 2
    served.app.metrics.stats.faults = 0


async def test_an_end_that_could_not_be_noted_is_noted_later_and_the_room_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_ended, failed = Schedule.mark_ended, asyncio.Event()

    async def fails_once(schedule: Schedule, room: RoomId) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is full")
        await mark_ended(schedule, room)

    monkeypatch.setattr(Schedule, "mark_ended", fails_once)
    async with serving(tmp_path) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host)
        await fay.does("end")
        await asyncio.wait_for(failed.wait(), SECONDS)
        assert served.logs_in_memory == {}
        late = await served.connected()
        assert (await late.hello(name="Late"))["code"] == "ended"
        await served.rooms_are_gone()
        assert fay.room["id"] in await served.app.schedule.ended()
        assert served.app.metrics.stats.faults == 1
        served.app.metrics.stats.faults = 0


async def test_a_room_that_takes_longer_is_still_found_by_its_slug(served: Served) -> None:
    keys = (await served.a_meeting(starts_in=0, minutes=30, fellowship_minutes=0)).keys
    served.clock.ahead += 2 * MINUTE
    fay = await served.comes("Fay", key=keys.host)
    await fay.does("start")
    served.pass_time(40 * MINUTE)
    await fay.until("phase_due")
    alice = await served.comes("Alice")
    assert alice.room["id"] == fay.room["id"]


async def test_nobody_is_led_into_an_empty_room_of_the_past(served: Served) -> None:
    await served.a_meeting(starts_in=0, minutes=30, fellowship_minutes=15)
    served.clock.ahead += 47 * MINUTE
    late = await served.connected()
    assert (await late.hello(name="Alice"))["code"] == "ended"
