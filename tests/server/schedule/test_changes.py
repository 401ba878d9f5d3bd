"""What is different about one date, and a meeting that is paused: by `PATCH`, and in what is shown afterwards."""

from datetime import time
from itertools import pairwise
from typing import Any

import pytest

from server.schedule.making import change
from server.schedule.meetings import Ended, Occurrence
from server.schedule.posted import Posted, Wrong
from server.schedule.recurrence import Weekly
from tests.server.site import Answer, Site, at, bearer

BERLIN = "Europe/Berlin"
TUESDAY, NEXT_WEEK = at("2026-11-03T19:00", BERLIN), at("2026-11-10T19:00", BERLIN)


async def patched(site: Site, made: Answer, **fields: Any) -> Answer:
    answer = await site.http.patch(f"/api/meetings/{made['slug']}", json=fields, headers=bearer(made["manage_url"]))
    assert answer.status_code == 200, answer.text
    shown: Answer = answer.json()
    return shown


async def dates(site: Site, slug: str = "tuesday-circle", days: int = 15) -> list[Answer]:
    """The occurrences, less what can be worked out of their times."""
    shown = await site.meeting(slug, days=days)
    found: list[Answer] = shown["occurrences"]
    return [{name: it[name] for name in it if name not in {"room", "doors_at", "ends_at"}} for it in found]


async def test_a_cancelled_date_is_shown_as_such_and_not_held(site: Site) -> None:
    made = await site.creates()
    shown = await patched(site, made, changes=[{"date": "2026-11-03", "cancelled": True, "note": "We are away."}])
    assert shown["changes"] == [{"date": "2026-11-03", "cancelled": True, "note": "We are away."}]
    assert shown["next"]["starts_at"] == NEXT_WEEK
    assert await dates(site) == [
        {"starts_at": TUESDAY, "cancelled": True, "note": "We are away."},
        {"starts_at": NEXT_WEEK},
    ]
    assert await site.schedule.occurrence("tuesday-circle.20261103T1800Z", site.now) == Ended("This date is cancelled.")


async def test_a_date_is_moved_and_has_a_room_of_its_own(site: Site) -> None:
    made = await site.creates()
    await patched(site, made, changes=[{"date": "2026-11-03", "moved_to": "2026-11-05T20:30"}])
    thursday = at("2026-11-05T20:30", BERLIN)
    assert await dates(site) == [{"starts_at": thursday, "moved_from": "2026-11-03"}, {"starts_at": NEXT_WEEK}]
    found = await site.schedule.occurrence("tuesday-circle.20261105T1930Z", site.now)
    assert isinstance(found, Occurrence)
    assert await site.schedule.occurrence("tuesday-circle.20261103T1800Z", site.now) is None


async def test_a_date_may_be_moved_past_the_next_one(site: Site) -> None:
    made = await site.creates()
    await patched(site, made, changes=[{"date": "2026-11-03", "moved_to": "2026-11-11T19:00"}])
    assert [it["starts_at"] for it in await dates(site)] == [NEXT_WEEK, at("2026-11-11T19:00", BERLIN)]


async def test_a_note_is_for_one_date(site: Site) -> None:
    made = await site.creates()
    await patched(site, made, changes=[{"date": "2026-11-10", "note": "With a speaker from Bern."}])
    assert [it.get("note") for it in await dates(site)] == [None, "With a speaker from Bern."]


async def test_changes_are_told_by_date_and_taken_back_by_the_date_alone(site: Site) -> None:
    made = await site.creates()
    await patched(
        site, made, changes=[{"date": "2026-11-03", "cancelled": True}, {"date": "2026-11-10", "note": "Tea"}]
    )
    await patched(site, made, changes=[{"date": "2026-11-03"}])
    assert (await site.meeting("tuesday-circle"))["changes"] == [{"date": "2026-11-10", "note": "Tea"}]


async def test_changes_of_dates_that_are_no_more_are_forgotten(site: Site) -> None:
    made = await site.creates()
    await patched(site, made, changes=[{"date": "2026-11-03", "cancelled": True}])
    assert (await patched(site, made, time="20:00"))["changes"] == [{"date": "2026-11-03", "cancelled": True}]
    assert (await patched(site, made, day=3))["changes"] == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"date": "2026-11-04", "cancelled": True}, "changes.0.date", "no_such_date"),
        ({"date": "2026-02-30", "cancelled": True}, "changes.0.date", "invalid"),
        ({"date": "tomorrow", "cancelled": True}, "changes.0.date", "invalid"),
        ({"date": "2026-11-03", "moved_to": "later"}, "changes.0.moved_to", "invalid"),
        ({"date": "2026-11-03", "moved_to": "2026-11-05T20:30", "cancelled": True}, "changes.0.moved_to", "invalid"),
        ({"date": "2026-11-03", "note": "\a"}, "changes.0.note", "invalid"),
        ({"date": "2026-11-03", "why": "x"}, "changes.0.why", "invalid"),
        ({"cancelled": True}, "changes.0.date", "invalid"),
    ],
)
async def test_a_wrong_change_is_named(site: Site, change: Answer, field: str, code: str) -> None:
    made = await site.creates()
    answer = await site.http.patch(
        "/api/meetings/tuesday-circle", json={"changes": [change]}, headers=bearer(made["manage_url"])
    )
    assert answer.status_code == 400
    assert (answer.json()["error"]["field"], answer.json()["error"]["code"]) == (field, code)
    assert (await site.meeting("tuesday-circle"))["changes"] == []


async def test_a_paused_meeting_has_no_dates_until_it_goes_on(site: Site) -> None:
    made = await site.creates()
    shown = await patched(site, made, paused=True)
    assert (shown["paused"], shown["next"]) == (True, None)
    assert await dates(site) == []
    for room in ("tuesday-circle", "tuesday-circle.20261103T1800Z"):
        found = await site.schedule.occurrence(room, site.now)
        assert found == Ended("This meeting is paused: it does not take place at present.")
    shown = await patched(site, made, paused=False)
    assert shown["next"]["starts_at"] == TUESDAY


async def test_a_night_in_which_the_clocks_change_is_told(site: Site) -> None:
    site.now = at("2027-03-20T12:00")
    await site.creates(day=0, time="02:30", name="Night owls")
    assert (await dates(site, "night-owls"))[1] == {
        "starts_at": at("2027-03-28T01:30"),
        "clock_note": "02:30 does not exist that night; the meeting is at 03:30.",
    }
    site.now = at("2026-10-24T12:00")
    assert (await dates(site, "night-owls"))[0] == {
        "starts_at": at("2026-10-25T00:30"),
        "clock_note": "02:30 comes twice that night; the meeting is at the first.",
    }


async def test_a_meeting_may_be_open_around_the_clock(site: Site) -> None:
    site.now = at("2026-10-24T12:00", BERLIN)
    made = await site.made(name="Always", always=True, minutes=5)
    shown = await site.meeting("always", days=2)
    assert (shown["always"], shown["fresh_at"], shown["minutes"]) == (True, "04:00", 1440)
    rooms = [(it["starts_at"], it["ends_at"]) for it in shown["occurrences"]]
    fresh = [at(f"2026-10-{day}T04:00", BERLIN) for day in (24, 25, 26, 27)]
    assert rooms == list(pairwise(fresh)), "the day of 25 hours has one room, too"
    assert shown["next"]["starts_at"] == fresh[0]
    site.now = fresh[1] - 1
    assert (await site.meeting("always"))["next"]["starts_at"] == fresh[0], "nobody is led away before its end"
    assert (await patched(site, made, fresh_at="05:00"))["fresh_at"] == "05:00"


async def test_what_was_always_open_says_how_long_it_lasts_when_it_has_a_time(site: Site) -> None:
    made = await site.made(name="Always", always=True)
    answer = await site.http.patch(
        "/api/meetings/always", json={"day": 2, "time": "19:00"}, headers=bearer(made["manage_url"])
    )
    assert answer.json()["error"]["field"] == "minutes"
    assert (await patched(site, made, day=2, time="19:00", minutes=60))["next"]["starts_at"] == TUESDAY


async def test_two_who_change_different_things_at_once_lose_nothing(site: Site) -> None:
    await site.creates()
    before = await site.schedule.get("tuesday-circle")
    assert before is not None
    for body in (Posted(name="Wednesday circle"), Posted(day=3)):  # both have seen it as it was before
        after, _ = await change(site.schedule, before, body, site.now)
    assert (after.meeting.name, after.meeting.recurrence, after.sequence) == (
        "Wednesday circle",
        Weekly((3,), time(19)),
        2,
    )
    await site.schedule.delete("tuesday-circle")
    with pytest.raises(Wrong, match="no_such_meeting"):
        await change(site.schedule, before, Posted(day=4), site.now)
