"""A site without rooms: the schedule, its API, its exports and its pages, on a clock that stands still until told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from config.settings import Settings
from server.pages.headers import MIDDLEWARE
from server.pages.views import Pages
from server.schedule.api import Api
from server.schedule.exports import Exports
from server.schedule.making import Creations
from server.schedule.meetings import Schedule

ORIGIN = "https://rooms.example.org"
MINUTE = 60_000

Answer = dict[str, Any]

WEEKLY = {"name": "Tuesday circle", "timezone": "Europe/Berlin", "day": 2, "time": "19:00", "minutes": 60}


def at(text: str, zone: str = "UTC") -> int:
    """A local date and time as milliseconds since the epoch."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


class Site:
    """The site as a browser or a program sees it. It is Monday, 2 November 2026, 12:00 UTC until `now` is set."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.now = at("2026-11-02T12:00")
        self.folder = folder
        self.client = folder / "dist"
        self.database = settings.database_url
        self.schedule = Schedule(self.database, lambda: self.now)
        self.faults: list[Exception] = []
        creations = Creations(settings, lambda: self.now)
        secret, now = "a secret of the tests", lambda: self.now
        pages = Pages(self.schedule, settings, secret, now, creations, self.client, self.faults.append)
        self.app = Starlette(
            routes=[
                *Api(self.schedule, settings, now, creations).routes(),
                *Exports(self.schedule, settings).routes(),
                *pages.routes(),
            ],
            middleware=MIDDLEWARE,
            exception_handlers=pages.handlers(),
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN)

    async def creates(self, **fields: Any) -> Answer:
        """The answer to a meeting that was made; without fields a weekly one."""
        answer = await self.http.post("/api/meetings", json=WEEKLY | fields)
        assert answer.status_code == 201, answer.text
        made: Answer = answer.json()
        return made

    async def made(self, **fields: Any) -> Answer:
        """A meeting that says by itself when it takes place."""
        body = {"name": "Tuesday circle", "timezone": "Europe/Berlin", "minutes": 60} | fields
        answer = await self.http.post("/api/meetings", json=body)
        assert answer.status_code == 201, answer.text
        made: Answer = answer.json()
        return made

    async def meeting(self, slug: str, **query: Any) -> Answer:
        answer = await self.http.get(f"/api/meetings/{slug}", params=query)
        assert answer.status_code == 200, answer.text
        shown: Answer = answer.json()
        return shown

    async def text(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


@asynccontextmanager
async def a_site(folder: Path, **settings: Any) -> AsyncIterator[Site]:
    """A site on SQLite, unless the settings name another `database`."""
    site = Site(folder, Settings(data=str(folder), **{"origin": (ORIGIN,), "who_may_create": "anyone"} | settings))
    await site.schedule.open()
    try:
        yield site
    finally:
        await site.http.aclose()
        await site.schedule.close()


def key_of(url: str) -> str:
    return url.partition("#key=")[2]


def bearer(url: str) -> dict[str, str]:
    """The header of whoever holds this link."""
    return {"Authorization": f"Bearer {key_of(url)}"}
