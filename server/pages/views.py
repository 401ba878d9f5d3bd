"""The pages that the server renders: the schedule, a meeting, the shell of the room, and what went wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ExceptionHandler

from config.help import help_lines
from config.settings import Settings
from server.pages.finders import Finders
from server.pages.forms import Tokens
from server.pages.headers import Cached
from server.pages.help import HelpPages
from server.pages.importing import Importing
from server.pages.managing import Managing
from server.pages.meeting_page import MeetingPage
from server.pages.rendering import Renderer
from server.pages.room import RoomPages
from server.pages.schedule_page import SchedulePage
from server.pages.setting_up import SettingUp
from server.pages.words import DEFAULT, words
from server.schedule.making import Creations
from server.schedule.meetings import Schedule

STATIC: Final = Path(__file__).parent / "static"
CLIENT: Final = Path(__file__).parents[2] / "client" / "web" / "dist"
REFUSALS: Final = {
    400: "bad_request",
    403: "bad_origin",
    404: "not_found",
    405: "bad_method",
    413: "too_large",
}  # by status, the code


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
        creations: Creations,
        client: Path = CLIENT,
        tell_of_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._schedule = schedule
        self._now = now
        self._tell_of_fault = tell_of_fault
        self._renderer = Renderer(leave_to=settings.leave_to)
        tokens, renderer = Tokens(secret), self._renderer
        self._schedule_page = SchedulePage(schedule, renderer, now)
        self._parts = (
            self._schedule_page,
            MeetingPage(schedule, settings, renderer, now),
            Finders(schedule, settings, renderer),
            SettingUp(schedule, settings, tokens, renderer, now, creations),
            Managing(schedule, settings, tokens, renderer, now),
            Importing(schedule, settings, tokens, renderer),
            RoomPages(schedule, renderer, now, client),
            HelpPages(help_lines(settings.help), renderer),
        )

    def routes(self) -> list[BaseRoute]:
        return [
            *(route for part in self._parts for route in part.routes()),
            Mount("/static", Cached(StaticFiles(directory=STATIC), "public, max-age=3600")),
        ]

    async def live(self) -> None:
        """Keep ready what visitors would have to wait for, until cancelled."""
        await self._schedule_page.live(self._tell_of_fault)

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
