"""The operator's page for feeds."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.pages.forms import Filled, Volunteer
from tests.server.schedule.feed import row
from tests.server.site import ORIGIN, Site, a_site

PATH = "/operator/import"
HERE: dict[str, Any] = {"operator_key": "operator", "host": "192.0.2.1"}


async def sends(site: Site, do: str, form: Filled, content: bytes | None, **typed: Any) -> Filled:
    fields = dict([*form.with_(**{"key": "operator", "timezone": "Europe/Berlin"} | typed), ("do", do)])
    files = {} if content is None else {"file": ("town.json", content)}
    answer = await site.http.post(PATH, data=fields, files=files or {"none": ("", b"")}, headers={"Origin": ORIGIN})
    return Filled(answer.text)


@pytest.fixture
async def feed() -> bytes:
    return json.dumps([row(slug="a", name="Alder"), row(slug="b", name="Birch"), {"name": "No day"}]).encode()


async def test_first_a_dry_run_in_which_every_row_is_accounted_for_then_the_import(tmp_path: Path, feed: bytes) -> None:
    async with a_site(tmp_path, **HERE) as site:
        shown = await sends(site, "dry-run", await Volunteer(site).opens(PATH), feed)
        assert "Nothing was done yet." in shown.html
        assert "3 rows: 2 new, 0 changed, 0 unchanged, 1 skipped." in shown.html
        assert await site.schedule.slugs() == set()
        done = await sends(site, "import", shown, None)
        assert "It is imported." in done.html
        assert await site.schedule.slugs() == {"a", "b"}
        again = await sends(site, "dry-run", await Volunteer(site).opens(PATH), feed)
        assert "3 rows: 0 new, 0 changed, 2 unchanged, 1 skipped." in again.html


async def test_what_cannot_be_seen_of_a_feeds_name_is_not_kept(tmp_path: Path, feed: bytes) -> None:
    async with a_site(tmp_path, **HERE) as site:
        await sends(site, "import", await Volunteer(site).opens(PATH), feed, source="To\0wn\x07")
        assert await site.schedule.imported("Town")


@pytest.mark.parametrize("key", ["", "wrong", "invitation"])
async def test_it_is_the_operators_alone(tmp_path: Path, feed: bytes, key: str) -> None:
    async with a_site(tmp_path, **HERE, invitation="invitation", who_may_create="anyone") as site:
        for do in ("dry-run", "import"):
            shown = await sends(site, do, await Volunteer(site).opens(PATH), feed, key=key)
            assert shown.wrong == {"key": "This key does not open this."}
    async with a_site(tmp_path, host="192.0.2.1") as site:  # there is no operator's key
        shown = await sends(site, "import", await Volunteer(site).opens(PATH), feed, key=key)
        assert set(shown.wrong) == {"key"}
        assert await site.schedule.slugs() == set()


@pytest.mark.parametrize(
    ("content", "typed", "field"),
    [
        (None, {}, "file"),
        (None, {"packed": "bm90aGluZw=="}, "file"),
        (None, {"packed": "***"}, "file"),
        (None, {"url": "http://127.0.0.1:1/feed.json"}, "url"),
        (None, {"url": "file:///etc/passwd"}, "url"),
        (b"<html></html>", {}, "file"),
        (b"", {}, "file"),
        (b"[1, 2", {}, "file"),
        (b"[]", {"timezone": "Moon/Base"}, "timezone"),
    ],
)
async def test_what_is_no_feed_is_told(tmp_path: Path, content: bytes | None, typed: Any, field: str) -> None:
    async with a_site(tmp_path, **HERE) as site:
        shown = await sends(site, "dry-run", await Volunteer(site).opens(PATH), content, source="Town", **typed)
        assert field in shown.wrong
        assert shown.get("source") == "Town"


async def test_a_forged_upload_does_nothing(tmp_path: Path, feed: bytes) -> None:
    async with a_site(tmp_path, **HERE) as site:
        form = await Volunteer(site).opens(PATH)
        await sends(site, "import", form, feed, token="forged")
        fields = dict([*form.with_(key="operator"), ("do", "import")])
        answer = await site.http.post(PATH, data=fields, files={"file": ("a.json", feed)}, headers={"Origin": "null"})
        assert answer.status_code == 403
        assert await site.schedule.slugs() == set()
