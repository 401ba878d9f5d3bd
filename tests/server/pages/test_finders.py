"""How listing sites will see a meeting: what they are told, what they make of it, and what is missing."""

import pytest

from tests.server.pages.browser import page
from tests.server.site import Site


async def test_what_they_are_told_is_what_the_feed_has(site: Site) -> None:
    await site.creates(day=[2, 4], passcode="opensesame", place="Hamburg, Germany")
    shown = await page(site, "/m/tuesday-circle/finders")
    (row, _) = (await site.http.get("/meetings.json")).json()
    for name, value in row.items():
        assert name in shown.text
        assert (", ".join(value) if isinstance(value, list) else str(value)) in shown.text
    assert "in 2 rows" in shown.text
    assert "opensesame" not in shown.html


async def test_the_lines_that_make_this_site_known_name_its_host(site: Site) -> None:
    await site.creates()
    html = (await page(site, "/m/tuesday-circle/finders")).text
    assert "conference_providers: { 'rooms.example.org': 'Meeting room' }" in html
    assert "$tsml_conference_providers['rooms.example.org'] = 'Meeting room';" in html


async def test_what_is_missing_is_said_and_what_is_there_is_not(site: Site) -> None:
    await site.creates(name="Bare")
    await site.creates(
        name="Full", description="We read.", types=["O"], language="en", group="Rivers", place="Hamburg, Germany"
    )
    missing = "Some words on what the meeting is like"
    assert missing in (await page(site, "/m/bare/finders")).text
    assert missing not in (await page(site, "/m/full/finders")).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": 2, "time": "19:00", "listed": False}, "No site is told of this meeting"),
        ({"day": 2, "time": "19:00", "paused": True}, "While the meeting is paused"),
        ({"once": "2026-12-24T18:00"}, "knows weekly meetings only"),
        ({"rrule": "FREQ=MONTHLY;BYDAY=1TU", "dtstart": "2026-11-03T19:00"}, "knows weekly meetings only"),
    ],
)
async def test_a_meeting_that_is_not_in_the_feed_is_told_why(
    site: Site, fields: dict[str, object], sentence: str
) -> None:
    await site.made(**fields)
    shown = await page(site, "/m/tuesday-circle/finders")
    assert sentence in shown.text
    assert "conference_url" not in shown.text
