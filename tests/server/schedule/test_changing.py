"""`PATCH` and `DELETE`: whoever holds the manage key, and nobody else."""

from typing import Any

import pytest

from server.schedule.meetings import Occurrence
from tests.server.schedule.conftest import ON_SQLITE
from tests.server.site import Site, at, bearer, key_of


async def changes(site: Site, made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await site.http.patch(f"/api/meetings/{made['slug']}", json=fields, headers=bearer(made["manage_url"]))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_field_is_changed_and_the_others_stay(site: Site) -> None:
    made = await site.creates(description="As it was", types=["O"])
    before = await site.meeting("tuesday-circle")
    after = await changes(site, made, name="Wednesday circle", description="")
    assert after == before | {"name": "Wednesday circle", "description": ""}
    assert await site.meeting("tuesday-circle") == after


async def test_part_of_when_is_enough_where_the_rest_is_known(site: Site) -> None:
    made = await site.creates()
    assert (await changes(site, made, time="20:30"))["next"]["starts_at"] == at("2026-11-03T19:30")
    assert (await changes(site, made, day=3))["next"]["starts_at"] == at("2026-11-04T19:30")
    moved = await changes(site, made, once="2026-12-24T18:00")
    assert "day" not in moved
    assert moved["next"]["starts_at"] == at("2026-12-24T17:00")


async def test_another_zone_moves_the_meeting(site: Site) -> None:
    made = await site.creates()
    assert (await changes(site, made, timezone="America/New_York"))["next"]["starts_at"] == at("2026-11-04T00:00")


async def test_a_meeting_that_is_over_may_still_be_described(site: Site) -> None:
    made = await site.made(once="2026-12-24T18:00")
    site.now = at("2027-01-01T12:00")
    assert (await changes(site, made, description="It was good"))["next"] is None


async def test_a_passcode_comes_and_goes_and_the_links_stay(site: Site) -> None:
    made = await site.creates()
    for passcode, needed in (("tea", True), (None, False), ("milk", True), ("", False)):
        assert (await changes(site, made, passcode=passcode))["has_passcode"] is needed
        found = await site.schedule.occurrence("tuesday-circle", site.now)
        assert isinstance(found, Occurrence)
        assert found.secrets.accepts_passcode(passcode)
        assert found.secrets.accepts_passcode("water") is not needed
        assert found.secrets.role_for(key_of(made["host_url"])) == "facilitator"


async def test_links_are_made_anew_on_request_and_the_old_ones_stop_working(site: Site) -> None:
    made = await site.creates()
    fresh = await changes(site, made, renew=["host", "manage"])
    found = await site.schedule.occurrence("tuesday-circle", site.now)
    assert isinstance(found, Occurrence)
    assert found.secrets.role_for(key_of(made["host_url"])) is None
    assert found.secrets.role_for(key_of(fresh["host_url"])) == "facilitator"
    assert found.secrets.role_for(key_of(made["greeter_url"])) == "greeter"
    assert "greeter_url" not in fresh
    refused = await site.http.patch("/api/meetings/tuesday-circle", json={}, headers=bearer(made["manage_url"]))
    assert refused.status_code == 403
    await changes(site, {"slug": "tuesday-circle", "manage_url": fresh["manage_url"]}, name="Still ours")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"slug": "other"}, "slug"),
        ({"time": "25:00"}, "time"),
        ({"rrule": "FREQ=DAILY"}, "rrule"),
        ({"now": True, "day": 1}, "day"),
        ({"once": "2020-01-01T10:00"}, "once"),
        ({"name": " "}, "name"),
        ({"renew": ["host", "everything"]}, "renew.1"),
        ({"description": None}, "description"),
        ({"next": None}, "next"),
    ],
)
async def test_a_wrong_change_changes_nothing(site: Site, fields: dict[str, Any], field: str) -> None:
    made = await site.creates()
    before = await site.meeting("tuesday-circle")
    body = {"description": "new"} | fields
    answer = await site.http.patch("/api/meetings/tuesday-circle", json=body, headers=bearer(made["manage_url"]))
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field
    assert await site.meeting("tuesday-circle") == before


async def test_deleting(site: Site) -> None:
    made = await site.creates()
    answer = await site.http.delete("/api/meetings/tuesday-circle", headers=bearer(made["manage_url"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await site.http.get("/api/meetings/tuesday-circle")).status_code == 404
    again = await site.http.delete("/api/meetings/tuesday-circle", headers=bearer(made["manage_url"]))
    assert again.status_code == 404


@ON_SQLITE
async def test_what_was_deleted_is_gone_from_the_file(site: Site) -> None:
    made = await site.creates(description="Unrepeatable")
    file = site.folder / "openchair.sqlite"
    assert b"Unrepeatable" in file.read_bytes()
    await site.http.delete("/api/meetings/tuesday-circle", headers=bearer(made["manage_url"]))
    assert b"Unrepeatable" not in file.read_bytes()
    assert b"Tuesday circle" not in file.read_bytes()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_without_the_manage_key_nothing_happens(site: Site, method: str) -> None:
    made = await site.creates()
    other = await site.creates(name="Other")
    json = {"Content-Type": "application/json"}
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Basic {key_of(made['manage_url'])}"}, 401),
        (bearer(made["host_url"]), 403),
        (bearer(other["manage_url"]), 403),
        ({"Authorization": "Bearer ü"}, 403),
    ):
        sent = [(name.encode(), value.encode()) for name, value in (json | headers).items()]
        answer = await site.http.request(
            method, "/api/meetings/tuesday-circle", content=b'{"name": "Taken over"}', headers=sent
        )
        assert answer.status_code == status, headers
        assert answer.json()["error"]["code"]
    assert (await site.meeting("tuesday-circle"))["name"] == "Tuesday circle"
