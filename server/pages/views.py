"""The pages that the server renders: the schedule, a meeting, the shell of the room, and what went wrong."""

import asyncio
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from config.meeting_types import type_names
from rooms.vocabulary import RoomId
from server.pages.headers import Cached
from server.pages.week import AT_ONCE, Dated, Week, week
from server.schedule.meetings import DAY, Schedule, Stored

STATIC: Final = Path(__file__).parent / "static"
CLIENT: Final = Path(__file__).parents[2] / "client" / "web" / "dist"
ENTRY: Final = "src/main.tsx"
FAR: Final = 400 * DAY  # how far ahead a meeting's page looks for dates
DATES: Final = 8
FRESH: Final = 15_000  # ms that a schedule once worked out is shown; with thousands of meetings it takes a while


class Pages:
    """The pages; `client` is the folder of the built browser client."""

    def __init__(self, schedule: Schedule, now: Callable[[], int], client: Path = CLIENT) -> None:
        self._schedule = schedule
        self._now = now
        self._client = client
        self._week: tuple[tuple[list[Stored], frozenset[RoomId], int], Week] | None = None
        self._templates = Environment(
            loader=PackageLoader("server.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals["type_names"] = type_names

    def routes(self) -> list[BaseRoute]:
        assets = StaticFiles(directory=self._client / "assets", check_dir=False)
        return [
            Route("/", self._index),
            Route("/m/{slug}", self._meeting),
            Route("/m/{slug}/manage", self._manage),
            Route("/r/{room}", self._room),
            Mount("/static", Cached(StaticFiles(directory=STATIC), "public, max-age=3600")),
            Mount("/assets", Cached(assets, "public, max-age=31536000, immutable")),
        ]

    async def _index(self, request: Request) -> Response:
        listed, ended, now = await self._schedule.listed(), await self._schedule.ended(), self._now()
        of = (listed, ended, now // FRESH)
        if self._week is None or self._week[0] != of:
            self._week = of, await asyncio.to_thread(week, listed, now, ended)
        shown = self._week[1]
        days = [day for day in shown.days if day.meetings]
        chosen, page, pages = None, 1, 1
        if shown.is_long:
            wanted = request.query_params.get("day", "")
            chosen = next((day for day in days if day.date.isoformat() == wanted), days[0])
            pages = -(-len(chosen.meetings) // AT_ONCE)
            page = next((n for n in range(1, pages + 1) if str(n) == request.query_params.get("page")), 1)
        return self._page(
            "index.html",
            count=len(listed),
            week=shown,
            days=days,
            chosen=chosen,
            page=page,
            pages=pages,
            first=(page - 1) * AT_ONCE,
            at_once=AT_ONCE,
        )

    async def _meeting(self, request: Request) -> Response:
        stored, now, ended = await self._find(request.path_params["slug"]), self._now(), await self._schedule.ended()
        coming = islice(stored.coming(now, now + FAR, ended), DATES)
        dates = [Dated(stored, it, is_open=it.doors_at <= now) for it in coming]
        return self._page(
            "meeting.html", stored=stored, meeting=stored.meeting, rules=stored.meeting.rules, dates=dates
        )

    async def _manage(self, request: Request) -> Response:
        stored = await self._find(request.path_params["slug"])
        return self._page("manage.html", stored=stored, meeting=stored.meeting)

    async def _room(self, request: Request) -> Response:
        room = request.path_params["room"]
        stored = await self._find(room.partition(".")[0])
        return self._page("room.html", room=room, meeting=stored.meeting, client=self._built())

    async def _find(self, slug: str) -> Stored:
        stored = await self._schedule.get(slug)
        if stored is None:
            raise HTTPException(404)
        return stored

    def _built(self) -> dict[str, Any] | None:
        """The files of the browser client's entry; None if it has not been built."""
        try:
            manifest = json.loads((self._client / ".vite" / "manifest.json").read_text(encoding="utf-8"))
            return {"script": manifest[ENTRY]["file"], "styles": manifest[ENTRY].get("css", [])}
        except (OSError, ValueError, KeyError):
            return None

    def _page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        html = self._templates.get_template(name).render(values)
        return HTMLResponse(html, status, {"cache-control": "no-cache"})

    async def not_found(self, request: Request, error: Exception) -> Response:
        text = "There is no such page or meeting here."
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": {"code": "not_found", "message": text, "field": None}}, 404)
        return self._page("error.html", 404, title="Not found", text=text)

    async def failed(self, request: Request, error: Exception) -> Response:
        text = "Something went wrong on our side. Please try again in a moment."
        return self._page("error.html", 500, title="Something went wrong", text=text)
