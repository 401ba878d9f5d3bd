"""What all answers have in common: headers, no cookies, and a code and a sentence for whatever cannot be."""

import random
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from tests.server.kit import Served
from tests.server.pages.browser import Page
from tests.server.site import Site

PATHS = ["/", "/m/tuesday-circle", "/r/tuesday-circle", "/m/tuesday-circle/manage", "/nowhere", "/static/pages.css"]
DATA = ["/api/meetings", "/api/meetings/tuesday-circle", "/meetings.json", "/meetings.ics", "/m/tuesday-circle.ics"]


@pytest.mark.parametrize("path", PATHS + DATA)
async def test_a_browser_is_told_what_it_may_not_do(site: Site, path: str) -> None:
    await site.creates()
    headers = (await site.http.get(path)).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("path", "cache_control"),
    [
        ("/", "no-cache"),
        ("/m/tuesday-circle", "no-cache"),
        ("/r/tuesday-circle", "no-cache"),
        ("/nowhere", "no-cache"),
        ("/api/meetings", "no-store"),
        ("/api/meetings/nobody", "no-store"),
        ("/static/pages.css", "public, max-age=3600"),
    ],
)
async def test_how_long_it_may_be_kept(site: Site, path: str, cache_control: str) -> None:
    await site.creates()
    assert (await site.http.get(path)).headers["cache-control"] == cache_control


async def test_new_links_are_kept_nowhere(site: Site) -> None:
    answer = await site.http.post("/api/meetings", json={"name": "A", "timezone": "UTC", "minutes": 5, "now": True})
    assert answer.headers["cache-control"] == "no-store"


async def test_static_files_are_not_sent_again(site: Site) -> None:
    first = await site.http.get("/static/times.js")
    again = await site.http.get("/static/times.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "public, max-age=3600"


async def test_the_head_of_whatever_can_be_read(site: Site) -> None:
    await site.creates()
    for path in PATHS + DATA:
        head, full = await site.http.head(path), await site.http.get(path)
        assert head.status_code == full.status_code, path
        assert head.headers["content-type"] == full.headers["content-type"]


async def test_an_unknown_page_has_a_code_a_sentence_and_a_way_on(site: Site) -> None:
    for path in ("/nowhere", "/m/nobody", "/r/nobody", "/m/nobody/manage", "/m/nobody.ics", "/static/nothing.js"):
        answer = await site.http.get(path)
        shown = Page(answer.text)
        assert answer.status_code == 404
        assert "There is no such page or meeting here. not_found" in shown.text
        assert shown.links["/"]


async def test_an_unknown_address_of_the_api_answers_as_the_api(site: Site) -> None:
    for path, code in (("/api/nothing", "not_found"), ("/api/meetings/nobody", "no_such_meeting")):
        answer = await site.http.get(path)
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert (error["code"], error["message"].endswith("."), error["field"]) == (code, True, None)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
async def test_a_request_that_an_address_does_not_take(site: Site, method: str) -> None:
    await site.creates()
    for path in ("/", "/m/tuesday-circle", "/r/tuesday-circle", "/meetings.json", "/static/pages.css"):
        answer = await site.http.request(method, path)
        assert answer.status_code == 405
        assert "This address does not take such a request. bad_method" in Page(answer.text).text
    answer = await site.http.put("/api/meetings/tuesday-circle", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "bad_method")
    assert "PATCH" in answer.headers["allow"]


def odd_requests() -> list[tuple[str, dict[str, str]]]:
    """Two hundred addresses with anything in them, and headers likewise."""
    chance = random.Random(8)
    starts = ["/", "/m/", "/r/", "/?day=", "/?page=", "/api/meetings/", "/static/", "/assets/", "/meetings.ics?title="]
    parts = ["..", "%00", "%ff", "%2f", "{{7*7}}", "'", "a" * 2000, "%0d%0aX:1", "tuesday-circle", ".", "~", "?", "é"]
    found = []
    for _ in range(200):
        path = chance.choice(starts) + "".join(chance.choices(parts, k=chance.randrange(5)))
        value = "".join(chance.choices("\t !\"',;=*/W%xé\x7f", k=12))
        name = chance.choice(["Accept-Encoding", "If-None-Match", "Range", "Origin", "Authorization", "Cookie"])
        found.append((path, {name: value}))
    return found


async def test_whatever_is_asked_for_is_answered(site: Site) -> None:
    await site.creates()
    for path, headers in odd_requests():
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        answer = await site.http.get(path, headers=sent)
        assert answer.status_code < 500, (path, headers)


async def test_a_database_that_is_away_is_told_and_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.creates()

    async def fails(*_: Any) -> None:
        raise OperationalError("SELECT secrets", {}, Exception("disk I/O error"))

    for method in ("listed", "get", "add", "slugs"):
        monkeypatch.setattr(site.schedule, method, fails)
    for path in ("/", "/m/tuesday-circle", "/r/tuesday-circle", "/meetings.json"):
        answer = await site.http.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "The schedule cannot be reached just now." in Page(answer.text).text
        assert "SELECT" not in answer.text
    posted = await site.http.post(
        "/api/meetings", json={"name": "A", "timezone": "UTC", "minutes": 5, "now": True, "slug": "a"}
    )
    assert (posted.status_code, posted.json()["error"]["code"]) == (503, "unavailable")
    assert [type(fault) for fault in site.faults] == [OperationalError] * 5


async def test_a_fault_of_ours_is_told_without_a_word_about_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any) -> None:
        raise ValueError("Alice")

    monkeypatch.setattr(site.schedule, "get", fails)
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        page, data = await client.get("/m/alice"), await client.get("/api/meetings/alice")
    assert (page.status_code, data.status_code) == (500, 500)
    assert "Something went wrong on our side." in Page(page.text).text
    assert data.json()["error"]["code"] == "failed"
    assert "Alice" not in page.text + data.text
    assert len(site.faults) == 2


async def test_the_real_server_answers_likewise(served: Served) -> None:
    """Through uvicorn, with the routes as the application has them."""
    await served.a_meeting()
    for path, status in (
        ("/", 200),
        ("/m/circle", 200),
        ("/m/circle.ics", 200),
        ("/m/circle/manage", 200),
        ("/r/circle", 200),
        ("/meetings.json", 200),
        ("/meetings.ics?title=private", 200),
        ("/api/meetings", 200),
        ("/api/meetings/circle", 200),
        ("/rooms/circle/socket", 404),
        ("/nowhere", 404),
    ):
        answer = await served.get(path)
        assert answer.status_code == status, path
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "server" not in answer.headers
