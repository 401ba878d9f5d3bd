"""Managing a meeting: whoever holds its manage link changes everything about it, and hands it over.

The link's secret stands in the address's fragment, which no server sees. So the page first asks for it: a script
takes it out of the address, and whoever has none pastes the link. From then on it travels in the bodies of forms.
"""

from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from server.pages.asking import asking
from server.pages.dated import Dated
from server.pages.forms import Form, Tokens, posted_form
from server.pages.links import sheet
from server.pages.meeting_form import field_of, fields_of, posted_in
from server.pages.rendering import Renderer
from server.pages.saying import when
from server.pages.setting_up import rearrange
from server.pages.words import spoken
from server.schedule.addresses import site_of
from server.schedule.keys import Keys
from server.schedule.making import change
from server.schedule.meetings import DAY, Schedule, Stored
from server.schedule.posted import Posted, PostedChange, Wrong

FAR: Final = 400 * DAY
DATES: Final = 6
RENEWED: Final = {"host", "timekeeper", "greeter", "manage"}


class Managing:
    """The page `/m/{slug}/manage`."""

    def __init__(
        self, schedule: Schedule, settings: Settings, tokens: Tokens, renderer: Renderer, now: Callable[[], int]
    ) -> None:
        self._schedule = schedule
        self._settings = settings
        self._tokens = tokens
        self._renderer = renderer
        self._now = now
        self._does: dict[str, Callable[[Request, Form, Stored], Awaitable[Response]]] = {
            "change": self._change,
            "save": self._save,
            "date": self._date,
            "pause": self._pause,
            "resume": self._pause,
            "renew": self._renew,
            "hand-over": self._renew,
            "delete": self._ask_to_delete,
            "delete-it": self._delete,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/m/{slug}/manage", self._asked, methods=["GET"]),
            Route("/m/{slug}/manage", self._posted, methods=["POST"]),
        ]

    async def _asked(self, request: Request) -> Response:
        return self._ask_for_key(request, await self._find(request), Form())

    async def _posted(self, request: Request) -> Response:
        form, stored = await posted_form(request, self._settings.origin, self._tokens), await self._find(request)
        form.set("key", form.text("key").rpartition("key=")[2])  # the whole link may be pasted
        if not stored.secrets.may_manage(form.get("key")):
            form.refuse("manage.wrong_key", "key")
        if form.wrong:
            return self._ask_for_key(request, stored, form, 403 if "key" in form.wrong else 422)
        if rearrange(form, stored.meeting):
            return self._form(request, form, stored)
        does = self._does.get(form.asks[0])
        return self._page(request, form, stored) if does is None else await does(request, form, stored)

    async def _find(self, request: Request) -> Stored:
        stored = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise HTTPException(404)
        return stored

    async def _change(self, request: Request, form: Form, stored: Stored) -> Response:
        for name, value in fields_of(stored.meeting).items():
            form.set(name, *([value] if isinstance(value, str) else value))
        return self._form(request, form, stored)

    async def _save(self, request: Request, form: Form, stored: Stored) -> Response:
        body = posted_in(form, self._now(), stored.meeting)
        if body is not None:
            try:
                stored, _ = await change(self._schedule, stored, body, self._now())
            except Wrong as wrong:
                form.refuse(wrong, field_of(wrong.field))
        if form.wrong:
            return self._form(request, form, stored, 422)
        return self._page(request, form, stored, said="manage.saved")

    async def _date(self, request: Request, form: Form, stored: Stored) -> Response:
        date, how = form.asks[1], form.get("how")
        moved_to = f"{form.text('to_date')}T{form.text('to_time')}" if how == "moved" else ""
        changed = PostedChange(date=date, cancelled=how == "cancelled", moved_to=moved_to, note=form.text("note"))
        try:
            body = msgspec.convert({"changes": [msgspec.to_builtins(changed)]}, Posted)
            stored, _ = await change(self._schedule, stored, body, self._now())
        except msgspec.ValidationError:
            form.refuse("wrong.invalid", f"date-{date}")
        except Wrong as wrong:
            form.refuse("wrong.moved_to" if "moved_to" in (wrong.field or "") else wrong, f"date-{date}")
        if form.wrong:
            return self._page(request, form, stored, status=422)
        return self._page(request, form, stored, said="manage.saved")

    async def _pause(self, request: Request, form: Form, stored: Stored) -> Response:
        is_paused = form.asks[0] == "pause"
        stored, _ = await change(self._schedule, stored, Posted(paused=is_paused), self._now())
        return self._page(request, form, stored, said="manage.is_paused" if is_paused else "manage.is_resumed")

    async def _renew(self, request: Request, form: Form, stored: Stored) -> Response:
        verb, name = form.asks
        names = tuple(Keys.__struct_fields__) if verb == "hand-over" else (name,)
        if not set(names) <= RENEWED:
            raise HTTPException(400)
        stored, keys = await change(self._schedule, stored, Posted(renew=names), self._now())
        shown = ("join", *names) if verb == "hand-over" else names
        return sheet(request, self._renderer, self._settings, stored, keys, only=shown)

    async def _ask_to_delete(self, request: Request, form: Form, stored: Stored) -> Response:
        return self._renderer.page(
            request, "delete.html", form=form, stored=stored, meeting=stored.meeting, token=self._tokens.new()
        )

    async def _delete(self, request: Request, form: Form, stored: Stored) -> Response:
        await self._schedule.delete(stored.slug)
        return self._renderer.page(request, "deleted.html", meeting=stored.meeting)

    def _ask_for_key(self, request: Request, stored: Stored, form: Form, status: int = 200) -> Response:
        values: dict[str, Any] = {"form": form, "stored": stored, "meeting": stored.meeting}
        return self._renderer.page(request, "key.html", status, token=self._tokens.new(), **values)

    def _form(self, request: Request, form: Form, stored: Stored, status: int = 200) -> Response:
        values = asking(spoken(request), form, stored)
        return self._renderer.page(
            request, "change.html", status, token=self._tokens.new(), meeting=stored.meeting, **values
        )

    def _page(self, request: Request, form: Form, stored: Stored, status: int = 200, said: str = "") -> Response:
        now = self._now()
        return self._renderer.page(
            request,
            "manage.html",
            status,
            token=self._tokens.new(),
            form=form,
            stored=stored,
            meeting=stored.meeting,
            when=when(spoken(request), stored.meeting),
            join=site_of(request, self._settings).room(stored.slug),
            dates=[Dated(stored, it) for it in islice(stored.dates(now, now + FAR), DATES)],
            roles=("host", "timekeeper", "greeter", "manage"),
            said=said,
        )
