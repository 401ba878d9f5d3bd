"""The pages that the server renders: the schedule, a meeting, the shell of the room, and what went wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, select_autoescape
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.schedule.meetings import DAY, Occurrence, Schedule, Stored

HERE = Path(__file__).parent
CLIENT = Path(__file__).parents[2] / "client" / "web" / "dist"
WEEK = 7 * DAY
NEXT_DATES = 56 * DAY
SHOWN_SOON = 10

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
}


class Dated(Struct, frozen=True):
    """An occurrence on a page: the moment, and how the clocks of its own zone say it."""

    stored: Stored
    occurrence: Occurrence
    is_open: bool

    @property
    def local(self) -> datetime:
        zone = ZoneInfo(self.occurrence.timezone)
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, zone)

    @property
    def iso(self) -> str:
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, UTC).isoformat().replace("+00:00", "Z")


class Pages:
    """The pages; `client` is the folder of the built browser client."""

    def __init__(self, schedule: Schedule, now: Callable[[], int], client: Path = CLIENT) -> None:
        self._schedule = schedule
        self._now = now
        self._client = client
        loader = PackageLoader("server.pages")
        self._templates = Environment(
            loader=loader, autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
        )

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._index),
            Route("/m/{slug}", self._meeting),
            Route("/r/{room}", self._room),
            Mount("/static", Cached(StaticFiles(directory=HERE / "static"), "public, max-age=3600")),
            Mount(
                "/assets",
                Cached(
                    StaticFiles(directory=self._client / "assets", check_dir=False),
                    "public, max-age=31536000, immutable",
                ),
            ),
        ]

    async def _index(self, request: Request) -> Response:
        now, ended = self._now(), await self._schedule.ended()
        stored = await self._schedule.listed()
        soon = sorted(
            (
                Dated(it, coming, coming.doors_at <= now)
                for it in stored
                if (coming := it.next(now, ended)) is not None and coming.starts_at < now + WEEK
            ),
            key=lambda dated: (not dated.is_open, dated.occurrence.starts_at),
        )
        days: dict[str, list[Dated]] = {}
        for dated in sorted(soon, key=lambda dated: dated.occurrence.starts_at):
            days.setdefault(dated.local.strftime("%A"), []).append(dated)
        open_now = [dated for dated in soon if dated.is_open]
        coming_up = [dated for dated in soon if not dated.is_open][:SHOWN_SOON]
        return self._page("index.html", open_now=open_now, soon=coming_up, days=days, count=len(stored))

    async def _meeting(self, request: Request) -> Response:
        stored = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise HTTPException(404)
        now, ended = self._now(), await self._schedule.ended()
        dates = [
            Dated(stored, it, it.doors_at <= now)
            for it in stored.occurrences(now - DAY - stored.meeting.length, now + NEXT_DATES)
            if it.room not in ended and not it.is_over(now)
        ][:8]
        return self._page(
            "meeting.html", stored=stored, meeting=stored.meeting, dates=dates, rules=stored.meeting.rules
        )

    async def _room(self, request: Request) -> Response:
        room = request.path_params["room"]
        stored = await self._schedule.get(room.partition(".")[0])
        if stored is None:
            raise HTTPException(404)
        return self._page("room.html", room=room, meeting=stored.meeting, client=self._built())

    def _built(self) -> dict[str, Any] | None:
        """The files of the browser client, None if it has not been built."""
        try:
            manifest = json.loads((self._client / ".vite" / "manifest.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        entry: dict[str, Any] = manifest["src/main.tsx"]
        return {"script": entry["file"], "styles": entry.get("css", [])}

    def _page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        headers = {"cache-control": "no-cache"}
        return HTMLResponse(self._templates.get_template(name).render(values), status, headers)

    async def not_found(self, request: Request, error: Exception) -> Response:
        return self._page("error.html", 404, title="Not found", text="There is no such page or meeting here.")

    async def failed(self, request: Request, error: Exception) -> Response:
        text = "Something went wrong on our side. Please try again in a moment."
        return self._page("error.html", 500, title="Something went wrong", text=text)


class Cached:
    """Static files with how long a browser may keep them."""

    def __init__(self, app: ASGIApp, cache_control: str) -> None:
        self._app = app
        self._header = (b"cache-control", cache_control.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 206, 304}:
                message["headers"] = [*message["headers"], self._header]
            await send(message)

        await self._app(scope, receive, with_header)


class SecurityHeaders:
    """What every answer tells a browser not to do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in SECURITY.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
