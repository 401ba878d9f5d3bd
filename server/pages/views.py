"""The pages that the server renders: the schedule, a meeting, the shell of the room, and what went wrong."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ExceptionHandler

from config.settings import Settings
from rooms.vocabulary import RoomId
from server.pages.forms import Tokens
from server.pages.headers import Cached
from server.pages.rendering import Renderer, answer
from server.pages.setting_up import SettingUp
from server.pages.week import AT_ONCE, Dated, Week, week
from server.pages.words import DEFAULT, spoken, words
from server.schedule.meetings import DAY, Schedule, Stored

STATIC: Final = Path(__file__).parent / "static"
CLIENT: Final = Path(__file__).parents[2] / "client" / "web" / "dist"
ENTRY: Final = "src/main.tsx"
WORDS: Final = "src/messages/{}.json"
FAR: Final = 400 * DAY  # how far ahead a meeting's page looks for dates
DATES: Final = 8
REFUSALS: Final = {400: "bad_request", 404: "not_found", 405: "bad_method"}  # by status, the code
FRESH: Final = 15_000  # ms that a schedule once worked out is shown; with thousands of meetings it takes a while


class Pages:
    """The pages; `secret` signs their forms, `client` is the folder of the built browser client. `tell_of_fault` hears
    of errors of our own.
    """

    def __init__(
        self,
        schedule: Schedule,
        settings: Settings,
        secret: str,
        now: Callable[[], int],
        client: Path = CLIENT,
        tell_of_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._schedule = schedule
        self._now = now
        self._client = client
        self._tell_of_fault = tell_of_fault
        self._week: tuple[tuple[list[Stored], frozenset[RoomId], int], Week] | None = None
        self._shown: dict[tuple[str, date | None, int], str] = {}  # the pages of that week: language, day, number
        self._at_work = asyncio.Lock()
        self._renderer = Renderer()
        self._setting_up = SettingUp(schedule, settings, Tokens(secret), self._renderer, now)

    def routes(self) -> list[BaseRoute]:
        assets = StaticFiles(directory=self._client / "assets", check_dir=False)
        assets.config_checked = True  # else it fails, and not only finds nothing, before the client has been built
        return [
            Route("/", self._index),
            *self._setting_up.routes(),
            Route("/m/{slug}", self._meeting),
            Route("/m/{slug}/manage", self._manage),
            Route("/r/{room}", self._room),
            Mount("/static", Cached(StaticFiles(directory=STATIC), "public, max-age=3600")),
            Mount("/assets", Cached(assets, "public, max-age=31536000, immutable")),
        ]

    async def _index(self, request: Request) -> Response:
        async with self._at_work:  # once for all who come in the same moment, as they do before a meeting
            shown = await self._this_week()
            chosen, page, pages = None, 1, 1
            if shown.is_long:
                wanted = request.query_params.get("day", "")
                chosen = next((day for day in shown.busy if day.date.isoformat() == wanted), shown.busy[0])
                pages = -(-len(chosen.meetings) // AT_ONCE)
                page = next((n for n in range(1, pages + 1) if str(n) == request.query_params.get("page")), 1)
            t = spoken(request)
            key = t.language, None if chosen is None else chosen.date, page
            if key not in self._shown:
                values = {"week": shown, "chosen": chosen, "page": page, "pages": pages, "at_once": AT_ONCE}
                self._shown[key] = await asyncio.to_thread(self._renderer.html, t, "index.html", **values)
        return answer(request, self._shown[key])

    async def _this_week(self) -> Week:
        listed, ended, now = await self._schedule.listed(), await self._schedule.ended(), self._now()
        of = (listed, ended, now // FRESH)
        if self._week is None or self._week[0] != of:
            # In a thread, as the rendering: with thousands of meetings it takes a while, and the rooms must not wait.
            self._week = of, await asyncio.to_thread(week, listed, now, ended)
            self._shown.clear()
        return self._week[1]

    async def _meeting(self, request: Request) -> Response:
        stored, now, ended = await self._find(request.path_params["slug"]), self._now(), await self._schedule.ended()
        coming = islice(stored.coming(now, now + FAR, ended), DATES)
        dates = [Dated(stored, it, is_open=it.doors_at <= now) for it in coming]
        return self._renderer.page(
            request, "meeting.html", stored=stored, meeting=stored.meeting, rules=stored.meeting.rules, dates=dates
        )

    async def _manage(self, request: Request) -> Response:
        stored = await self._find(request.path_params["slug"])
        return self._renderer.page(request, "manage.html", stored=stored, meeting=stored.meeting)

    async def _room(self, request: Request) -> Response:
        room = request.path_params["room"]
        stored = await self._find(room.partition(".")[0])
        return self._renderer.page(
            request, "room.html", room=room, meeting=stored.meeting, client=self._built(spoken(request).language)
        )

    async def _find(self, slug: str) -> Stored:
        stored = await self._schedule.get(slug)
        if stored is None:
            raise HTTPException(404)
        return stored

    def _built(self, language: str) -> dict[str, Any] | None:
        """The files of the browser client's entry, and its words in that language; None if it has not been built."""
        try:
            manifest = json.loads((self._client / ".vite" / "manifest.json").read_text(encoding="utf-8"))
            said = manifest.get(WORDS.format(language), {}).get("file")
            return {"script": manifest[ENTRY]["file"], "styles": manifest[ENTRY].get("css", []), "words": said}
        except (OSError, ValueError, KeyError):
            return None

    def handlers(self) -> dict[Any, ExceptionHandler]:
        """What answers a request that no route does, or that failed."""
        return {HTTPException: self._refused, SQLAlchemyError: self._unavailable, Exception: self._failed}

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        sorry = self._sorry(request, error.status_code, REFUSALS.get(error.status_code, REFUSALS[400]))
        sorry.headers.update(error.headers or {})
        return sorry

    async def _unavailable(self, request: Request, error: Exception) -> Response:
        self._tell_of_fault(error)
        sorry = self._sorry(request, 503, "unavailable")
        sorry.headers["retry-after"] = "5"
        return sorry

    async def _failed(self, request: Request, error: Exception) -> Response:
        self._tell_of_fault(error)
        return self._sorry(request, 500, "failed")

    def _sorry(self, request: Request, status: int, code: str) -> Response:
        if request.url.path.startswith("/api/"):
            error = {"code": code, "message": words(DEFAULT)(f"error.{code}.text"), "field": None}
            return JSONResponse({"error": error}, status, {"cache-control": "no-store"})
        return self._renderer.page(request, "error.html", status, code=code)
