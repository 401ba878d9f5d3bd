"""Importing a feed, once and again: every row accounted for, nothing done twice, nothing lost that a group set up."""

from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from server.schedule.documents import feed_in
from server.schedule.feeds import Feed
from server.schedule.importing import Note, Report, import_feed
from server.schedule.meetings import Occurrence, Stored
from tests.server.schedule.feed import IMPORTED, ROW, SKIPPED, a_feed, row
from tests.server.site import Site, a_site, at, bearer

FEED = Feed("feed.json")


async def imported(site: Site, document: Any, feed: Feed = FEED, *, dry_run: bool = False) -> Report:
    return await import_feed(site.schedule, document, feed, dry_run=dry_run)


def counts(report: Report) -> tuple[int, int, int, int]:
    """Imported, changed, unchanged, skipped."""
    found = report.imported, report.changed, report.unchanged, len(report.skipped)
    assert report.rows == sum(found)
    return found


async def stored(site: Site, slug: str) -> Stored:
    found = await site.schedule.get(slug)
    assert found is not None
    return found


async def test_what_is_imported_is_listed_at_once(site: Site) -> None:
    report = await imported(site, a_feed())
    assert counts(report) == (len(IMPORTED), 0, 0, len(SKIPPED))
    assert len(await site.schedule.listed()) == len(IMPORTED)
    assert "Women’s circle" in await site.text("/m/women-e2-80-99s-4")


async def test_rows_that_are_skipped_are_named_by_number_slug_and_reason(site: Site) -> None:
    report = await imported(site, a_feed())
    first = len(IMPORTED) + 1
    assert report.skipped[0] == Note(first, "in-person-11", "not online: neither a link nor a phone number")
    assert [(it.row, it.reason) for it in report.skipped] == [
        (first + place, reason) for place, (_, reason) in enumerate(SKIPPED)
    ]


async def test_a_slug_stays_or_is_made_into_one(site: Site) -> None:
    await imported(site, a_feed())
    slugs = {it.slug for it in await site.schedule.listed()}
    assert slugs >= {"river-group-1", "st--mary-3", "women-e2-80-99s-4", "66"}
    assert any(slug.startswith("x" * 50) and len(slug) == 64 for slug in slugs)


async def test_the_same_again_changes_nothing(site: Site) -> None:
    await imported(site, a_feed())
    before = await site.schedule.listed()
    site.now += 1000
    assert counts(await imported(site, a_feed())) == (0, 0, len(IMPORTED), len(SKIPPED))
    assert await site.schedule.listed() == before


async def test_what_the_feed_says_anew_comes_from_the_feed(site: Site) -> None:
    await imported(site, [row(), row(slug="other")])
    assert counts(await imported(site, [row(time="20:00"), row(slug="other")])) == (0, 1, 1, 0)
    shown = await site.meeting("river-group-1")
    assert (shown["time"], shown["next"]["starts_at"]) == ("20:00", at("2026-11-03T20:00", "America/Los_Angeles"))


async def test_what_a_group_set_up_here_stays(site: Site) -> None:
    await imported(site, [row()])
    keys = (await stored(site, "river-group-1")).secrets
    made = await site.creates()  # whose manage key we give to the imported one
    manage = (await stored(site, made["slug"])).secrets.manage_key
    secrets = msgspec.structs.replace(keys, manage_key=manage)
    await site.schedule.change("river-group-1", (await stored(site, "river-group-1")).meeting, secrets)
    ours = {"format": "circle", "passcode": "tea", "listed": False, "language": "es"}
    answer = await site.http.patch("/api/meetings/river-group-1", json=ours, headers=bearer(made["manage_url"]))
    assert answer.status_code == 200, answer.text
    assert counts(await imported(site, [row()])) == (0, 0, 1, 0)
    assert counts(await imported(site, [row(name="River circle")])) == (0, 1, 0, 0)
    after = await stored(site, "river-group-1")
    assert (after.meeting.name, after.meeting.format, after.meeting.listed) == ("River circle", "circle", False)
    assert after.meeting.language == "es"
    assert after.secrets.accepts_passcode("tea")
    assert after.secrets.host_key == keys.host_key


async def test_what_is_no_longer_in_the_feed_is_kept_and_named(site: Site) -> None:
    await imported(site, [row(), row(slug="other")])
    report = await imported(site, [row(slug="other")])
    assert counts(report) == (0, 0, 1, 0)
    assert report.warnings == [Note(None, "river-group-1", "no longer in the feed; kept here")]
    assert await site.schedule.get("river-group-1") is not None


async def test_a_row_that_cannot_be_read_any_more_is_kept_as_it_was(site: Site) -> None:
    await imported(site, [row()])
    report = await imported(site, [row(attendance_option="inactive")])
    assert report.skipped == [Note(1, "river-group-1", "inactive")]
    assert report.warnings == [Note(1, "river-group-1", "skipped now; kept here as it was")]


async def test_a_dry_run_says_the_same_and_does_nothing(site: Site) -> None:
    told = await imported(site, a_feed(), dry_run=True)
    assert await site.schedule.listed() == []
    assert await imported(site, a_feed()) == told


async def test_two_sources_may_have_the_same_slug(site: Site) -> None:
    await imported(site, [row()])
    report = await imported(site, [row(name="Another group")], Feed("other.json"))
    assert (counts(report), report.warnings) == ((1, 0, 0, 0), [])
    names = [it.meeting.name for it in await site.schedule.listed()]
    assert names == ["Another group", "River group"]


async def test_the_same_meeting_from_another_source_is_told(site: Site) -> None:
    await imported(site, [row()])
    report = await imported(site, [row()], Feed("feed (1).json"))
    assert report.warnings == [Note(1, "river-group-1", "here already, from feed.json: now here twice")]


async def test_one_meeting_that_cannot_be_kept_keeps_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.schedule.importing.slug_from_feed", lambda *_: "the-same")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await imported(site, [row(), row(slug="other")])
    assert await site.schedule.listed() == []


async def test_an_imported_meeting_has_keys_that_nobody_knows_until_links_are_made(site: Site) -> None:
    await imported(site, [row(), row(slug="other")])
    one, other = [it.secrets for it in await site.schedule.listed()]
    hashes = [getattr(it, name) for it in (one, other) for name in ("host_key", "greeter_key", "manage_key")]
    assert len(set(hashes)) == 6
    assert not one.needs_passcode
    found = await site.schedule.occurrence("river-group-1", site.now)
    assert isinstance(found, Occurrence)


async def test_our_own_feed_changes_nothing_here(site: Site) -> None:
    await imported(site, a_feed())
    await site.creates(day=[1, 3], description="Two\nlines", types=["O", "W"], language="es", group="Rivers")
    listed = (await site.http.get("/meetings.json")).json()
    report = await imported(site, listed, Feed("meetings.json"))
    assert counts(report) == (0, 0, len(listed), 0)
    home = f"http://127.0.0.1:8000{urlsplit(listed[0]['conference_url']).path}"
    at_home = [{**listed[0], "conference_url": home}, *listed[1:]]
    assert counts(await imported(site, at_home, Feed("meetings.json"))) == (0, 0, len(listed), 0)
    await site.creates(slug="another", name="Another")
    listed[0] |= {"name": "As it was called last week", "time": "03:33"}  # changed here since
    assert counts(await imported(site, listed, Feed("meetings.json"))) == (0, 0, len(listed), 0)
    del listed[0]["uid"]  # somebody else's, then, with a room that is called like one of ours
    assert counts(await imported(site, listed, Feed("meetings.json"))) == (1, 0, len(listed) - 1, 0)


async def test_our_own_table_changes_nothing_here_or_elsewhere(site: Site, tmp_path: Path) -> None:
    await site.creates(slug="-odd-", name="=1+1", description="-1, 'and' \"so\"\non", group="'=x", types=["O"])
    await site.creates(name="R&amp;D <b>x</b>", description="a &lt; b", day=[1, 3], minutes=600)
    await site.creates(name="Short", minutes=7.5)
    table = feed_in((await site.http.get("/meetings.csv")).content)
    assert counts(await imported(site, table, Feed("meetings.csv"))) == (0, 0, 4, 0)
    theirs = (await site.http.get("/meetings.json")).json()
    for place, document in enumerate((table, theirs)):
        async with a_site(tmp_path / f"other{place}") as other:
            assert counts(await import_feed(other.schedule, document, FEED)) == (4, 0, 0, 0)
            ours = {row["slug"]: row for row in (await other.http.get("/meetings.json")).json()}
            assert [comparable(ours[row["slug"]]) for row in theirs] == list(map(comparable, theirs))


async def test_what_goes_out_comes_in_elsewhere_and_goes_out_the_same(site: Site, tmp_path: Path) -> None:
    await imported(site, a_feed(), Feed("feed.json", program="aa"))
    await site.creates(day=[1, 3], description="Two\nlines", types=["O", "W"], language="es", time="23:30", minutes=90)
    theirs = (await site.http.get("/meetings.json")).json()
    async with a_site(tmp_path / "other") as other:
        feed = Feed("theirs.json", program="aa")
        assert counts(await import_feed(other.schedule, theirs, feed)) == (len(theirs), 0, 0, 0)
        assert counts(await import_feed(other.schedule, theirs, feed)) == (0, 0, len(theirs), 0)
        ours = {row["slug"]: row for row in (await other.http.get("/meetings.json")).json()}
        assert list(map(comparable, theirs)) == [comparable(ours[row["slug"]]) for row in theirs]


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """What of a row is the same on each site; its door and its page are that site's own."""
    own = {"updated", "conference_url", "url", "uid"}
    return {name: value for name, value in row.items() if name not in own} | {"types": {*row["types"]}}


async def test_what_is_missing_is_flagged_until_it_is_back(site: Site) -> None:
    await imported(site, [row(), row(slug="other")])
    await imported(site, [row(slug="other")])
    assert (await stored(site, "river-group-1")).missing_since == site.now
    assert (await stored(site, "other")).missing_since is None
    await imported(site, [row(), row(slug="other")])
    assert (await stored(site, "river-group-1")).missing_since is None


async def test_whatever_comes_each_row_is_counted_once(site: Site) -> None:
    chance = Random(1)
    odd: list[Any] = [
        None,
        "",
        "x",
        0,
        7,
        3.5,
        [],
        {},
        [2, "sun"],
        "Tuesday",
        "19:00",
        "river-group-1",
        "\u202e",
        "<b>",
        True,
    ]
    for _ in range(40):
        feed: list[Any] = [
            chance.choice(
                [row(**{name: chance.choice(odd) for name in chance.sample(sorted(ROW), 3)}), chance.choice(odd)]
            )
            for _ in range(chance.randrange(12))
        ]
        assert sum(counts(await imported(site, feed))) == len(feed)
