"""Who may create meetings is the operator's choice; on a server that only this machine reaches, anybody."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.pages.forms import Volunteer
from tests.server.pages.test_setting_up import NEW
from tests.server.site import ORIGIN, WEEKLY, Site, a_site

KEYS = {"operator_key": "the operator's", "invitation": "for friends"}
PUBLIC: dict[str, Any] = {"host": "0.0.0.0", **KEYS}


async def create(site: Site, key: str | None = None, at: str = ORIGIN) -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return (await site.http.post(f"{at}/api/meetings", json=WEEKLY, headers=headers)).status_code


async def test_anyone(tmp_path: Path) -> None:
    async with a_site(tmp_path, **PUBLIC, who_may_create="anyone") as site:
        assert await create(site) == 201


async def test_those_with_the_operators_invitation(tmp_path: Path) -> None:
    async with a_site(tmp_path, **PUBLIC, who_may_create="invited") as site:
        assert await create(site) == 401
        assert await create(site, "a guess") == 403
        assert await create(site, "for friends") == 201
        assert await create(site, "the operator's") == 201


async def test_the_operator_only(tmp_path: Path) -> None:
    async with a_site(tmp_path, **PUBLIC, who_may_create="operator") as site:
        assert await create(site) == 401
        assert await create(site, "for friends") == 403
        assert await create(site, "the operator's") == 201


@pytest.mark.parametrize("who", ["invited", "operator"])
async def test_without_a_key_in_the_settings_no_key_fits(tmp_path: Path, who: str) -> None:
    async with a_site(tmp_path, host="0.0.0.0", who_may_create=who) as site:
        assert await create(site, "") == 401
        assert await create(site, "None") == 403


async def test_anybody_on_a_server_that_only_this_machine_reaches(tmp_path: Path) -> None:
    async with a_site(tmp_path, host="127.0.0.1", origin=(), who_may_create="operator") as site:
        for here in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
            assert await create(site, at=here) == 201


async def test_by_another_name_it_is_no_longer_this_machine_only(tmp_path: Path) -> None:
    """A proxy that the settings do not know of, or a page whose name leads here all of a sudden."""
    async with a_site(tmp_path, host="127.0.0.1", origin=(), who_may_create="operator") as site:
        for elsewhere in ("https://rooms.example.org", "http://localhost.evil.example:8000", "http://192.168.1.5:8000"):
            assert await create(site, at=elsewhere) == 401


async def test_behind_a_proxy_a_server_is_not_for_this_machine_only(tmp_path: Path) -> None:
    async with a_site(tmp_path, host="127.0.0.1", origin=("https://rooms.example.org",), **KEYS) as site:
        assert await create(site) == 201  # `a_site` lets anyone
    folder = tmp_path / "other"
    async with a_site(folder, host="127.0.0.1", who_may_create="operator", **KEYS) as site:
        assert await create(site) == 401


async def test_one_address_makes_not_too_many_an_hour_and_loses_nothing_that_was_typed(tmp_path: Path) -> None:
    async with a_site(tmp_path, **PUBLIC, who_may_create="anyone", creations_per_hour=2) as site:
        assert [await create(site) for _ in range(3)] == [201, 201, 429]
        refused = await site.http.post("/api/meetings", json=WEEKLY)
        assert refused.json()["error"] == {
            "code": "too_fast",
            "message": "Many meetings were made from here just now. Please try again in 1800 seconds.",
            "field": None,
        }
        volunteer = Volunteer(site)
        form = await volunteer.opens("/new")
        form = await volunteer.presses("create", form, **NEW)
        assert volunteer.status == 422
        assert "Many meetings were made from here just now." in volunteer.html
        assert form.get("name") == NEW["name"]
        site.now += 1800 * 1000
        assert [await create(site) for _ in range(2)] == [201, 429]


async def test_whoever_shows_a_key_makes_as_many_as_there_are(tmp_path: Path) -> None:
    async with a_site(tmp_path, **PUBLIC, who_may_create="invited", creations_per_hour=1) as site:
        assert [await create(site, "for friends") for _ in range(3)] == [201, 201, 201]
