"""Setting up a meeting: a form, and at its end the sheet of links."""

from collections.abc import Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from server.pages.agenda_form import rearranged, rows_in
from server.pages.asking import asking, close_agenda, open_agenda, put_rows
from server.pages.forms import Form, Tokens, posted_form
from server.pages.links import sheet
from server.pages.meeting_form import field_of, fields_of_new, posted_in
from server.pages.rendering import Renderer
from server.pages.words import spoken
from server.schedule.making import Creations, make, needs_key_to_create
from server.schedule.meetings import Meeting, Schedule
from server.schedule.posted import Wrong

MOVES: Final = {"up", "down", "remove", "add"}


class SettingUp:
    """The page `/new`."""

    def __init__(
        self,
        schedule: Schedule,
        settings: Settings,
        tokens: Tokens,
        renderer: Renderer,
        now: Callable[[], int],
        creations: Creations,
    ) -> None:
        self._schedule = schedule
        self._settings = settings
        self._tokens = tokens
        self._renderer = renderer
        self._now = now
        self._creations = creations

    def routes(self) -> list[Route]:
        return [Route("/new", self._asked, methods=["GET"]), Route("/new", self._posted, methods=["POST"])]

    async def _asked(self, request: Request) -> Response:
        return self._form(request, Form().with_defaults(fields_of_new(request.query_params.get("format", ""))))

    async def _posted(self, request: Request) -> Response:
        form = await posted_form(request, self._settings.origin, self._tokens)
        if rearrange(form, None):
            return self._form(request, form)
        body = posted_in(form, self._now())
        hostname, key = request.url.hostname, form.text("key") or None
        try:
            self._creations.check(hostname, key)
        except Wrong as wrong:
            form.refuse(wrong, "key")
        if body is None or form.wrong:
            return self._form(request, form, 422)
        seed = self._tokens.seed(form.get("token"), msgspec.json.encode(body))
        try:
            self._creations.count(hostname, request.client.host if request.client else "")
            stored, keys = await make(self._schedule, body, self._now(), seed)
        except Wrong as wrong:
            form.refuse(wrong, field_of(wrong.field))
            return self._form(request, form, 422)
        return sheet(request, self._renderer, self._settings, stored, keys, passcode=body.passcode or None)

    def _form(self, request: Request, form: Form, status: int = 200) -> Response:
        return self._renderer.page(
            request,
            "new.html",
            status,
            token=self._tokens.new(),
            needs_key=needs_key_to_create(self._settings, request.url.hostname),
            **asking(spoken(request), form),
        )


def rearrange(form: Form, meeting: Meeting | None) -> bool:
    """Do what a button of the agenda asks for. False if it was another button."""
    verb, of = form.asks
    if verb == "agenda":
        open_agenda(form, meeting)
    elif verb == "kinds":
        close_agenda(form)
    elif verb in MOVES:
        put_rows(form, rearranged(rows_in(form), verb, of))
    else:
        return False
    return True
