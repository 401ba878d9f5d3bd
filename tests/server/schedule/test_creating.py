"""`POST /api/meetings` and what is shown of it afterwards."""

from typing import Any

import pytest
from sqlalchemy import select

from server.schedule.database import engine_for
from server.schedule.meetings import Occurrence
from server.schedule.tables import meetings
from tests.server.site import ORIGIN, WEEKLY, Site, a_site, at, key_of

ROLES = {"host": "facilitator", "timekeeper": "timekeeper", "greeter": "greeter"}


async def test_the_links_are_shown_once_their_secrets_in_the_fragments(site: Site) -> None:
    made = await site.creates()
    assert made.keys() == {"slug", "join_url", "host_url", "timekeeper_url", "greeter_url", "manage_url"}
    assert made["slug"] == "tuesday-circle"
    assert made["join_url"] == f"{ORIGIN}/r/tuesday-circle"
    for role in ROLES:
        assert made[f"{role}_url"].startswith(f"{ORIGIN}/r/tuesday-circle#key=")
    assert made["manage_url"].startswith(f"{ORIGIN}/m/tuesday-circle/manage#key=")
    keys = {key_of(made[f"{name}_url"]) for name in (*ROLES, "manage")}
    assert len(keys) == 4
    assert all(len(key) >= 22 for key in keys)  # 128 bits


async def test_a_role_key_gives_its_role_and_no_other_key_does(site: Site) -> None:
    made = await site.creates()
    found = await site.schedule.occurrence("tuesday-circle", site.now)
    assert isinstance(found, Occurrence)
    for name, role in ROLES.items():
        assert found.secrets.role_for(key_of(made[f"{name}_url"])) == role
    for other in ("", "x", key_of(made["manage_url"]), key_of(made["host_url"])[:-1], "\ud800"):
        assert found.secrets.role_for(other) is None


async def test_a_passcode_is_asked_for_and_comes_with_the_join_link(site: Site) -> None:
    made = await site.creates(passcode="tea & café")
    assert made["join_url"] == f"{ORIGIN}/r/tuesday-circle#passcode=tea%20%26%20caf%C3%A9"
    found = await site.schedule.occurrence("tuesday-circle", site.now)
    assert isinstance(found, Occurrence)
    assert found.secrets.needs_passcode
    assert found.secrets.accepts_passcode("tea & café")
    assert found.secrets.accepts_passcode(" tea & cafe\u0301 ")  # as another keyboard writes it
    for wrong in (None, "", "tea", "\ud800"):
        assert not found.secrets.accepts_passcode(wrong)


async def test_without_a_passcode_none_is_asked_for(site: Site) -> None:
    await site.creates(passcode="")
    found = await site.schedule.occurrence("tuesday-circle", site.now)
    assert isinstance(found, Occurrence)
    assert not found.secrets.needs_passcode
    assert found.secrets.accepts_passcode(None)


async def test_no_secret_is_in_the_database(site: Site) -> None:
    made = await site.creates(passcode="a very secret word")
    engine = engine_for(site.database)
    async with engine.connect() as connection:
        content = str((await connection.execute(select(meetings))).all())
    await engine.dispose()
    assert "tuesday-circle" in content
    for secret in ("a very secret word", *(key_of(made[f"{name}_url"]) for name in (*ROLES, "manage"))):
        assert secret not in content


async def test_a_meeting_shows_its_fields_as_posted_and_what_comes_next(site: Site) -> None:
    posted = WEEKLY | {
        "description": "We read a page,\nand share.",
        "types": ["O", "SP"],
        "format": "circle",
        "language": "de-AT",
        "group": "A group",
        "place": "Berlin, Germany",
        "program": "aa",
        "listed": False,
    }
    await site.creates(**posted, passcode="secret")
    shown = await site.meeting("tuesday-circle")
    assert shown.items() >= posted.items()
    assert shown["slug"] == "tuesday-circle"
    assert shown["next"] == {
        "room": "tuesday-circle.20261103T1800Z",
        "doors_at": at("2026-11-03T17:45"),
        "starts_at": at("2026-11-03T18:00"),
        "ends_at": at("2026-11-03T19:00"),
    }
    assert "passcode" not in shown
    assert not any("key" in name for name in shown)


@pytest.mark.parametrize(
    ("when", "start"),
    [
        ({"day": 0, "time": "00:00"}, "2026-11-07T23:00"),
        ({"day": [2, 4], "time": "19:00"}, "2026-11-03T18:00"),
        ({"once": "2026-12-24T18:00"}, "2026-12-24T17:00"),
        ({"rrule": "FREQ=MONTHLY;BYDAY=1TU", "dtstart": "2026-01-06T19:00"}, "2026-11-03T18:00"),
        ({"now": True}, "2026-11-02T12:00"),
    ],
)
async def test_it_says_when_in_the_words_it_was_told(site: Site, when: dict[str, Any], start: str) -> None:
    await site.made(**when)
    shown = await site.meeting("tuesday-circle")
    assert {
        name: shown.get(name) for name in ("day", "time", "once", "rrule", "dtstart", "now") if name in shown
    } == when
    assert shown["next"]["starts_at"] == at(start)


async def test_a_zone_is_shown_by_the_name_that_it_has_today(site: Site) -> None:
    await site.creates(timezone="europe/kiev")
    assert (await site.meeting("tuesday-circle"))["timezone"] == "Europe/Kyiv"


async def test_the_occurrences_of_the_next_days(site: Site) -> None:
    await site.creates()
    shown = await site.meeting("tuesday-circle", days=9)
    assert [it["room"] for it in shown["occurrences"]] == [
        "tuesday-circle.20261103T1800Z",
        "tuesday-circle.20261110T1800Z",
    ]
    for wrong in ("0", "-1", "367", "x", "", "1e3", "٣", "9" * 5000):
        answer = await site.http.get("/api/meetings/tuesday-circle", params={"days": wrong})
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "days"


async def test_only_listed_meetings_are_listed(site: Site) -> None:
    await site.creates(name="Seen")
    await site.creates(name="Unseen", listed=False)
    answer = await site.http.get("/api/meetings")
    assert [it["slug"] for it in answer.json()["meetings"]] == ["seen"]
    assert (await site.meeting("unseen"))["listed"] is False


async def test_a_format_may_be_an_object_and_is_held_to(site: Site) -> None:
    format_ = {"title": "Ours", "doors_minutes": 30, "phase": [{"kind": "round", "minutes": 45, "order": "pick"}]}
    await site.creates(format=format_)
    shown = await site.meeting("tuesday-circle")
    assert shown["format"] == format_
    assert shown["next"]["doors_at"] == at("2026-11-03T17:30")


async def test_a_slug_may_be_chosen_and_is_taken_once(site: Site) -> None:
    assert (await site.creates(slug="our-own"))["slug"] == "our-own"
    answer = await site.http.post("/api/meetings", json=WEEKLY | {"slug": "our-own"})
    assert answer.status_code == 409
    assert answer.json()["error"]["field"] == "slug"
    assert [(await site.creates())["slug"] for _ in range(3)] == [
        "tuesday-circle",
        "tuesday-circle-2",
        "tuesday-circle-3",
    ]


async def test_without_a_named_origin_the_links_are_those_of_the_visitor(site: Site) -> None:
    async with a_site(site.folder / "other", origin=(), host="127.0.0.1") as other:
        made = await other.http.post("http://127.0.0.1:8123/api/meetings", json=WEEKLY)
        assert made.json()["join_url"] == "http://127.0.0.1:8123/r/tuesday-circle"


async def test_an_unknown_meeting_is_404(site: Site) -> None:
    for slug in ("nobody", "a.b", "%00", "x" * 5000):
        answer = await site.http.get(f"/api/meetings/{slug}")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"]
