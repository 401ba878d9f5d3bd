"""A room that is open is found on every worker, whatever the schedule says of its date by now."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from server.schedule.meetings import STAMP
from server.schedule.recurrence import Change, Once, Weekly
from tests.server.client import Client
from tests.server.kit import MINUTE, Given, Served, it_is_so, serving
from tests.server.test_supervisor import everybody_hears, people, site
from tests.valkey import Valkey

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
OPEN = "openchair:{circle}:open"


@dataclass
class Evening:
    """A meeting of half an hour, every day, whose room is open on one of two workers; Fay leads it there."""

    one: Served
    other: Served
    given: Given
    start: datetime
    fay: Client

    @property
    def room(self) -> str:
        return str(self.fay.room["id"])

    def pass_time(self, milliseconds: int) -> None:
        for worker in (self.one, self.other):
            worker.pass_time(milliseconds)

    async def changes(self, *changes: Change, is_paused: bool = False) -> None:
        schedule = self.other.app.schedule
        stored = await schedule.get("circle")
        assert stored is not None
        meeting = replace(stored.meeting, changes=changes, is_paused=is_paused)
        await schedule.change("circle", meeting, stored.secrets)

    async def newcomers_find_it(self) -> None:
        for room in ("circle", self.room):
            newcomer = await self.other.comes("Newcomer", room=room)
            assert newcomer.room["id"] == self.room
            await self.fay.sees("joined", who=newcomer.id)


async def every_day(served: Served) -> datetime:
    """The circle takes place every day at the time that it has today; today's start."""
    stored = await served.app.schedule.get("circle")
    assert stored is not None
    assert isinstance(stored.meeting.recurrence, Once)
    start = stored.meeting.recurrence.at.replace(tzinfo=UTC)
    meeting = replace(stored.meeting, recurrence=Weekly(EVERY_DAY, start.time()))
    await served.app.schedule.change("circle", meeting, stored.secrets)
    return start


@pytest.fixture
async def evening(tmp_path: Path, valkey: Valkey) -> AsyncIterator[Evening]:
    valkey.forget_everything()
    async with AsyncExitStack() as stack:
        options = {"redis": valkey.url, "secret": "a secret of both"}
        one = await stack.enter_async_context(serving(tmp_path, **options))
        other = await stack.enter_async_context(serving(tmp_path, **options))
        given = await one.a_meeting(starts_in=0, minutes=30, fellowship_minutes=0)
        start = await every_day(one)
        fay = await one.comes("Fay", key=given.keys.host)
        found = Evening(one, other, given, start, fay)
        found.pass_time(2 * MINUTE)
        if fay.room["state"] == "doors":
            await fay.does("start")
        await one.app.house.tell_of_open()  # as within two seconds anyway
        yield found


async def test_a_room_that_takes_longer_is_found_on_a_worker_that_has_not_got_it(evening: Evening) -> None:
    evening.pass_time(40 * MINUTE)
    await evening.fay.until("phase_due")
    await evening.newcomers_find_it()


@pytest.mark.parametrize("change", ["cancelled", "moved", "paused"])
async def test_so_is_one_whose_date_is_no_more(evening: Evening, change: str) -> None:
    date, tomorrow = evening.start.date(), evening.start.replace(tzinfo=None) + timedelta(hours=5)
    if change == "paused":
        await evening.changes(is_paused=True)
    else:
        await evening.changes(Change(date=date, cancelled=change == "cancelled", moved_to=tomorrow))
    await evening.newcomers_find_it()


async def test_its_links_and_its_passcode_are_those_that_the_meeting_has_now(evening: Evening) -> None:
    stored = await evening.one.app.schedule.get("circle")
    assert stored is not None
    await evening.one.app.schedule.change("circle", stored.meeting, evening.given.keys.kept("sesame"))
    evening.pass_time(40 * MINUTE)
    stranger = await evening.other.connected()
    assert (await stranger.hello(name="Mallory"))["code"] == "bad_passcode"
    assert (await evening.other.comes("Alice", passcode="sesame")).room["id"] == evening.room
    assert (await evening.other.comes("Tim", key=evening.given.keys.timekeeper)).welcome["role"] == "timekeeper"


async def test_nothing_secret_of_it_is_told(evening: Evening, valkey: Valkey) -> None:
    with valkey.client() as client:
        assert client.hkeys(OPEN) == [b"room", b"starts_at"]
        assert 0 < client.pttl(OPEN) <= 6 * 3600 * 1000


async def test_once_it_is_over_newcomers_wait_for_the_next_date(evening: Evening) -> None:
    evening.pass_time(40 * MINUTE)
    await evening.fay.does("end")
    await evening.one.rooms_are_gone()
    for worker in (evening.one, evening.other):
        newcomer = await worker.connected()
        assert (await newcomer.hello(name="Newcomer"))["reason"] == "doors"
        assert {replica.id for replica in worker.replicas} != {evening.room}


async def test_it_is_told_of_again_when_redis_has_forgotten_it(evening: Evening, valkey: Valkey) -> None:
    valkey.forget_everything()
    with valkey.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")  # as when it is started anew
    await evening.fay.until("snapshot")
    with valkey.client() as client:
        await it_is_so(evening.other, lambda: client.exists(OPEN))
    evening.pass_time(40 * MINUTE)
    await evening.newcomers_find_it()


async def test_a_room_that_its_workers_left_behind_long_ago_is_in_nobodys_way(evening: Evening) -> None:
    workers = evening.other.app.house._world.workers
    for worker in (evening.one, evening.other):
        worker.clock.ahead += 2 * 60 * MINUTE  # and no replica notices it
    assert await workers.open_room("circle") is not None
    newcomer = await evening.other.connected()
    assert (await newcomer.hello(name="Newcomer"))["reason"] == "doors"


async def test_a_meeting_that_is_deleted_ends_its_room_after_its_time_too(evening: Evening) -> None:
    evening.pass_time(40 * MINUTE)
    await evening.other.app.schedule.delete("circle")
    assert await evening.fay.closing_code() == 1000
    await evening.one.rooms_are_gone()


async def test_who_waits_for_a_later_date_does_not_lead_others_there(served: Served) -> None:
    await served.a_meeting(starts_in=0, minutes=30)
    start = await every_day(served)
    early = await served.connected(f"circle.{start + timedelta(days=1):{STAMP}}")
    assert (await early.hello(name="Early"))["reason"] == "doors"
    for name in ("Alice", "Bob"):
        assert (await served.comes(name)).room["id"] == f"circle.{start:{STAMP}}"


@pytest.mark.timeout(120)
async def test_newcomers_of_a_cancelled_date_find_it_on_each_of_several_processes(
    tmp_path: Path, valkey: Valkey
) -> None:
    valkey.forget_everything()
    began = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0) - timedelta(minutes=5)
    rule = {"rrule": "FREQ=DAILY", "dtstart": began.isoformat(timespec="minutes")}
    async with site(tmp_path, valkey, workers=3) as served, AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}"))
        made = await served.makes(slug="circle", **rule)
        [alice] = await stack.enter_async_context(people(made["join_url"], 1))
        client = stack.enter_context(valkey.client())
        while not client.exists(OPEN):
            await http.get("/healthz")
        headers = {"authorization": f"Bearer {made['manage_url'].partition('key=')[2]}"}
        changes = [{"date": f"{began:%Y-%m-%d}", "cancelled": True}]
        answer = await http.patch("/api/meetings/circle", json={"changes": changes}, headers=headers)
        assert answer.status_code == 200
        newcomers = await stack.enter_async_context(people(made["join_url"], 12))
        await everybody_hears([alice, *newcomers], "Here we all are")
