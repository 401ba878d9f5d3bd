"""A meeting's page: what it is, when it is, how to come in, and nothing secret."""

import json

import pytest

from server.schedule.feeds import Feed
from server.schedule.importing import import_feed
from tests.server.pages.browser import page
from tests.server.schedule.feed import row
from tests.server.site import ORIGIN, Site, at, key_of

HOSTILE = "</title><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>{{ 7*7 }}"


async def test_it_says_what_a_newcomer_asks(site: Site) -> None:
    await site.creates(description="We read a page.", group="Rivers", types=["O"], program="aa", format="circle")
    shown = await page(site, "/m/tuesday-circle")
    for words in (
        "Tuesday circle",
        "Rivers",
        "Open",
        "We read a page.",
        "The doors open 15 minutes before the start.",
        "You need a first name or any other name, and nothing else.",
        "It lasts 60 minutes. The room stays open for 15 minutes more.",
        "Every Tuesday at 19:00 (Berlin time)",
        "One person after the other shares",
    ):
        assert words in shown.text
    assert shown.links["/r/tuesday-circle"] == "To the room"
    assert shown.links["/m/tuesday-circle.ics"] == "Download"
    assert shown.links["webcal://rooms.example.org/m/tuesday-circle.ics"] == "Subscribe"
    assert "/m/tuesday-circle.ics?title=private" in shown.links


async def test_its_next_dates_in_its_own_zone_and_as_moments(site: Site) -> None:
    await site.creates()
    site.now = at("2027-03-16T12:00")
    times = (await page(site, "/m/tuesday-circle")).times
    assert times[:3] == [
        ("2027-03-16T18:00:00Z", "Tue 16 Mar, 19:00"),
        ("2027-03-23T18:00:00Z", "Tue 23 Mar, 19:00"),
        ("2027-03-30T17:00:00Z", "Tue 30 Mar, 19:00"),  # the clocks have changed
    ]
    assert len(times) == 8


async def test_while_the_doors_are_open_one_comes_in(site: Site) -> None:
    await site.creates()
    site.now = at("2026-11-03T18:50", "Europe/Berlin")
    shown = await page(site, "/m/tuesday-circle")
    assert shown.links["/r/tuesday-circle"] == "Come in"
    assert "The doors are open." in shown.text


async def test_a_meeting_without_further_dates(site: Site) -> None:
    await site.made(once="2026-12-24T18:00")
    site.now = at("2027-01-01T12:00")
    shown = await page(site, "/m/tuesday-circle")
    assert "No further dates are planned." in shown.text
    assert "/m/tuesday-circle.ics" not in shown.links


async def test_what_a_passcode_and_a_waiting_room_mean(site: Site) -> None:
    await site.creates(passcode="tea", format={"waiting_room": True, "phase": [{"kind": "round", "minutes": 5}]})
    text = (await page(site, "/m/tuesday-circle")).text
    assert "You need the group's passcode" in text
    assert "Somebody of the group lets you in." in text


async def test_texts_of_the_agenda_are_for_those_present_only(site: Site) -> None:
    phase = {"kind": "reading", "title": "Welcome", "text": "The group's own reading", "credit": "A book", "minutes": 5}
    await site.creates(format={"phase": [phase]})
    text = await site.text("/m/tuesday-circle")
    assert "Welcome" in text
    assert "The group's own reading" not in text
    assert "A book" not in text


async def test_an_imported_meetings_own_line_stands_beside_ours(site: Site) -> None:
    rows = [row(conference_phone="+12025550111,,1#", conference_url_notes="Ask <b>Robin</b>\nfor the code")]
    await import_feed(site.schedule, rows, Feed("feed.json"))
    shown = await page(site, "/m/river-group-1")
    assert shown.links["https://video.example.com/j/123456?pwd=x"] == "Its own link"
    rel = {
        attributes["rel"] for tag, attributes in shown.tags if (attributes.get("href") or "").startswith("https://v")
    }
    assert rel == {"noopener noreferrer nofollow"}
    assert "+12025550111,,1#" in shown.text
    assert "Ask Robin for the code" in shown.text


async def test_nothing_that_somebody_typed_becomes_markup(site: Site) -> None:
    made = await site.creates(name=HOSTILE, description=HOSTILE, group=HOSTILE, place=HOSTILE, program="x")
    slug = made["slug"]
    for path in ("/", f"/m/{slug}", f"/m/{slug}/manage", f"/r/{slug}"):
        shown = await page(site, path)
        assert "alert(1)" in shown.html
        assert all(not attributes.get("onerror") for _, attributes in shown.tags)
        scripts = [attributes for tag, attributes in shown.tags if tag == "script"]
        assert all(
            (attributes.get("src") or "").startswith("/static/") or attributes.get("type") == "application/ld+json"
            for attributes in scripts
        )
        assert "{{ 7*7 }}" in shown.html


async def test_only_listed_meetings_are_for_search_engines(site: Site) -> None:
    await site.creates()
    await site.creates(name="Unseen", listed=False)
    assert "noindex" not in await site.text("/m/tuesday-circle")
    for path in ("/m/unseen", "/r/tuesday-circle", "/m/tuesday-circle/manage"):
        assert '<meta name="robots" content="noindex">' in await site.text(path)


async def test_its_language_is_told_to_whoever_reads_it_aloud(site: Site) -> None:
    await site.creates(language="de-AT")
    (article,) = [attributes for tag, attributes in (await page(site, "/m/tuesday-circle")).tags if tag == "article"]
    assert article["lang"] == "de-AT"


@pytest.mark.parametrize("path", ["/m/tuesday-circle", "/m/tuesday-circle/manage", "/r/tuesday-circle", "/"])
async def test_no_page_holds_a_secret(site: Site, path: str) -> None:
    made = await site.creates(passcode="opensesame")
    html = await site.text(path)
    assert "opensesame" not in html
    for name in ("host", "timekeeper", "greeter", "manage"):
        assert key_of(made[f"{name}_url"]) not in html


async def test_every_link_of_a_page_leads_somewhere(site: Site) -> None:
    await site.creates()
    await site.creates(name="Other", group="Rivers")
    site.now = at("2026-11-03T18:50", "Europe/Berlin")
    seen, to_see = set[str](), ["/", "/m/other/manage"]
    while to_see:
        path = to_see.pop()
        if path in seen or not path.startswith("/"):
            continue
        seen.add(path)
        answer = await site.http.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            shown = await page(site, path)
            to_see += [(attributes.get("href") or "").partition("#")[0] for _, attributes in shown.tags]
            to_see += [attributes.get("src") or "" for _, attributes in shown.tags]
    assert {"/m/other", "/r/other", "/m/other.ics", "/meetings.ics", "/meetings.json", "/static/times.js"} <= seen


async def test_a_line_that_is_not_for_everybody_is_not_told(site: Site) -> None:
    rows = [row(types=["C"], conference_phone="+12025550111,,1#", conference_url_notes="The code is boat")]
    await import_feed(site.schedule, rows, Feed("feed.json"))
    html = await site.text("/m/river-group-1")
    assert "Please ask the group how to come to it." in html
    for secret in ("pwd=x", "2025550111", "boat"):
        assert secret not in html


async def test_what_is_different_about_a_date_is_said_beside_it(site: Site) -> None:
    changes = [
        {"date": "2026-11-10", "cancelled": True, "note": "Bank holiday"},
        {"date": "2026-11-17", "moved_to": "2026-11-18T20:00"},
    ]
    await site.creates(changes=changes)
    shown = await page(site, "/m/tuesday-circle")
    assert "Tue 10 Nov, 19:00 (Berlin time) Cancelled Bank holiday" in shown.text
    assert "Wed 18 Nov, 20:00 (Berlin time) Moved here from Tue 17 Nov" in shown.text


async def test_a_night_in_which_the_clocks_change_is_told_honestly(site: Site) -> None:
    await site.creates(day=0, time="02:30")
    site.now = at("2027-03-25T12:00")
    shown = await page(site, "/m/tuesday-circle")
    assert "Sun 28 Mar, 03:30 (Berlin time) 02:30 does not exist that night; the meeting is at 03:30." in shown.text
    site.now = at("2026-10-23T12:00")
    shown = await page(site, "/m/tuesday-circle")
    assert "02:30 comes twice that night; the meeting is at the first." in shown.text


async def test_a_paused_meeting_says_so(site: Site) -> None:
    await site.creates(paused=True)
    assert "This meeting is paused" in (await page(site, "/m/tuesday-circle")).text


async def test_programs_are_told_what_it_is_as_schema_org_has_it(site: Site) -> None:
    await site.creates(description="</script>We read.", passcode="opensesame", group="Rivers", language="de")
    html = await site.text("/m/tuesday-circle")
    told = json.loads(html.partition('<script type="application/ld+json">')[2].partition("</script>")[0])
    assert told["@type"] == "Event"
    assert told["description"] == "</script>We read."
    assert told["startDate"] == "2026-11-03T19:00+01:00"
    assert told["endDate"] == "2026-11-03T20:00+01:00"
    assert told["location"] == {"@type": "VirtualLocation", "url": f"{ORIGIN}/r/tuesday-circle"}
    assert told["eventSchedule"]["scheduleTimezone"] == "Europe/Berlin"
    assert told["eventSchedule"]["byDay"] == ["https://schema.org/Tuesday"]
    await site.creates(name="Unseen", listed=False)
    assert "ld+json" not in await site.text("/m/unseen")


async def test_a_meeting_around_the_clock(site: Site) -> None:
    await site.made(always=True, name="Always here")
    shown = await page(site, "/m/always-here")
    assert "Always open, day and night" in shown.text
    assert "1440" not in shown.text
    assert shown.links["/r/always-here"] == "Come in"
