"""How feeds and calendars are answered: to any page, compressed, and not again when nothing has changed."""

import pytest

from tests.server.site import Site

PATHS = ["/meetings.json", "/meetings.ics", "/meetings.ics?title=private", "/m/tuesday-circle.ics"]


@pytest.mark.parametrize("path", PATHS)
async def test_any_page_may_read_them(site: Site, path: str) -> None:
    await site.creates()
    answer = await site.http.get(path)
    assert answer.headers["access-control-allow-origin"] == "*"
    kind = "application/json" if path.endswith(".json") else "text/calendar"
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", PATHS)
async def test_what_has_not_changed_is_not_sent_again(site: Site, path: str) -> None:
    await site.creates()
    first = await site.http.get(path)
    for known in (first.headers["etag"], f'"other", {first.headers["etag"].removeprefix("W/")}', "*"):
        again = await site.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await site.http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", PATHS[:3])
async def test_a_change_is_seen_at_once(site: Site, path: str) -> None:
    await site.creates()
    first = await site.http.get(path)
    await site.creates(name="Another", day=3)
    again = await site.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert len(again.content) > len(first.content)


async def test_they_are_compressed_for_whoever_can_read_it(site: Site) -> None:
    for _ in range(5):
        await site.creates()
    packed = await site.http.get("/meetings.json", headers={"Accept-Encoding": "gzip"})
    plain = await site.http.get("/meetings.json", headers={"Accept-Encoding": "identity"})
    assert packed.json() == plain.json()
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3


async def test_a_meeting_that_is_not_listed_has_a_calendar_for_those_who_know_it(site: Site) -> None:
    await site.creates(listed=False)
    assert "Tuesday circle" in await site.text("/m/tuesday-circle.ics")
    assert "Tuesday circle" not in await site.text("/meetings.ics")
    assert (await site.http.get("/m/nobody.ics")).status_code == 404


async def test_they_are_only_read(site: Site) -> None:
    answer = await site.http.post("/meetings.json", json=[])
    assert answer.status_code == 405
    assert (await site.http.head("/meetings.json")).status_code == 200
