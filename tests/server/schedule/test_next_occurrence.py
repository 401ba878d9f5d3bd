"""Which occurrence a link leads to: the current one, else the next; and what is over stays over."""

from server.schedule.meetings import Ended, Occurrence, Stored
from tests.server.site import MINUTE, Site, at

TUESDAY = at("2026-11-03T18:00")  # 19:00 in Berlin
NEXT_WEEK = at("2026-11-10T18:00")


async def current(site: Site, room: str = "tuesday-circle") -> Occurrence:
    found = await site.schedule.occurrence(room, site.now)
    assert isinstance(found, Occurrence)
    return found


async def test_a_slug_is_the_next_occurrence(site: Site) -> None:
    await site.creates()
    found = await current(site)
    assert found.room == "tuesday-circle.20261103T1800Z"
    assert (found.starts_at, found.ends_at) == (TUESDAY, TUESDAY + 60 * MINUTE)
    assert found.doors_at == TUESDAY - 15 * MINUTE
    assert (found.slug, found.name, found.timezone) == ("tuesday-circle", "Tuesday circle", "Europe/Berlin")
    assert found.format.title == "Discussion"
    assert not found.waits_for_start


async def test_it_is_the_current_one_until_its_time_is_over_fellowship_included(site: Site) -> None:
    await site.creates()
    over = TUESDAY + (60 + 15) * MINUTE
    site.now = over - 1
    assert (await current(site)).starts_at == TUESDAY
    site.now = over
    assert (await current(site)).starts_at == NEXT_WEEK


async def test_its_room_is_open_under_its_id_for_as_long_as_the_service_team_may_stay(site: Site) -> None:
    await site.creates()
    last = TUESDAY + (60 + 15 + 60) * MINUTE  # what an attended room may take longer
    site.now = last - 1
    assert (await current(site, "tuesday-circle.20261103T1800Z")).starts_at == TUESDAY
    site.now = last
    assert await site.schedule.occurrence("tuesday-circle.20261103T1800Z", site.now) == Ended()


async def test_an_occurrence_that_ended_early_does_not_open_again(site: Site) -> None:
    await site.creates()
    site.now = TUESDAY + 20 * MINUTE
    ended = await current(site)
    await site.schedule.mark_ended(ended.room)
    await site.schedule.mark_ended(ended.room)
    assert await site.schedule.occurrence(ended.room, site.now) == Ended()
    assert (await current(site)).starts_at == NEXT_WEEK
    shown = await site.meeting("tuesday-circle", days=7)
    assert shown["next"]["starts_at"] == NEXT_WEEK
    assert [it["starts_at"] for it in shown["occurrences"]] == [NEXT_WEEK]


async def test_what_is_kept_of_an_ended_occurrence_is_forgotten_in_time(site: Site) -> None:
    await site.creates()
    await site.schedule.mark_ended((await current(site)).room)
    assert len(await site.schedule.ended()) == 1
    site.now = at("2026-12-01T12:00")
    await site.schedule.mark_ended((await current(site)).room)
    assert await site.schedule.ended() == {"tuesday-circle.20261201T1800Z"}


async def test_a_room_id_is_that_occurrence_and_no_other(site: Site) -> None:
    await site.creates()
    assert (await current(site, "tuesday-circle.20261110T1800Z")).starts_at == NEXT_WEEK
    assert await site.schedule.occurrence("tuesday-circle.20261027T1800Z", site.now) == Ended()
    for unknown in (
        "tuesday-circle.20261110T1801Z",
        "tuesday-circle.20261111T1800Z",
        "tuesday-circle.20261110T180Z",
        "tuesday-circle.",
        "tuesday-circle.99991231T2359Z",
        "tuesday-circle.00010101T0000Z",
        "tuesday-circle.20261110T1800Z.",
        "wednesday-circle.20261110T1800Z",
        "wednesday-circle",
        "",
        ".",
        "x\0y",
        "x" * 100_000,
    ):
        assert await site.schedule.occurrence(unknown, site.now) is None, unknown


async def test_nobody_is_led_away_from_a_meeting_that_follows_on_itself(site: Site) -> None:
    """Every day around the clock: the doors of the next are open while this one is still running."""
    await site.made(timezone="UTC", minutes=24 * 60, rrule="FREQ=DAILY", dtstart="2026-11-01T12:00")
    site.now = at("2026-11-03T11:59")
    assert (await current(site)).starts_at == at("2026-11-02T12:00")
    site.now = at("2026-11-03T12:00")  # the fellowship of one, and the start of the next
    assert (await current(site)).starts_at == at("2026-11-03T12:00")


async def test_a_meeting_of_this_moment_waits_with_its_doors_open(site: Site) -> None:
    await site.made(name="Now", now=True)
    found = await current(site, "now")
    assert found.waits_for_start
    assert found.doors_at == found.starts_at == site.now
    assert found.room == "now.20261102T1200Z"
    assert await site.schedule.occurrence(found.room, site.now) == found
    site.now += 135 * MINUTE
    assert await site.schedule.occurrence("now", site.now) == Ended()


async def test_a_meeting_may_take_place_once_and_start_at_a_second(site: Site) -> None:
    await site.made(timezone="UTC", once="2027-11-03T19:00:30")
    found = await current(site)
    assert found.starts_at == at("2027-11-03T19:00:30")
    assert found.room == "tuesday-circle.20271103T1900Z"
    assert await site.schedule.occurrence(found.room, site.now) == found


async def test_deleting_a_meeting_tells_its_room_and_forgets_what_ended(site: Site) -> None:
    told = []

    async def hear(deleted: Stored) -> None:
        told.append(deleted.slug)

    site.schedule.on_deleted = hear
    await site.creates()
    await site.creates(name="Tuesday circle 2", slug="tuesday-circle-2")
    for slug in ("tuesday-circle", "tuesday-circle-2"):
        await site.schedule.mark_ended((await current(site, slug)).room)
    await site.schedule.delete("tuesday-circle")
    assert told == ["tuesday-circle"]
    assert await site.schedule.occurrence("tuesday-circle", site.now) is None
    assert await site.schedule.ended() == {"tuesday-circle-2.20261103T1800Z"}
