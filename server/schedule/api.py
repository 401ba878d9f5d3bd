"""The HTTP API of meetings: docs/protocol.md, "HTTP"."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from rooms.vocabulary import RoomId
from server.origin import origin_is_allowed
from server.schedule.addresses import site_of
from server.schedule.keys import Keys
from server.schedule.making import Creations, change, make
from server.schedule.meetings import DAY, Occurrence, Schedule, Stored
from server.schedule.openapi import description
from server.schedule.posted import Posted, Wrong, posted, shown

MOST_BYTES: Final = 256 * 1024
MOST_DAYS: Final = 366

Handler = Callable[[Request], Awaitable[Response]]

_encode = msgspec.json.Encoder().encode


def answer(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, {"cache-control": "no-store"}, media_type="application/json")


def sorry(wrong: Wrong) -> Response:
    return answer({"error": {"code": wrong.code, "message": wrong.message, "field": wrong.field}}, wrong.status)


class Api:
    """The requests about meetings."""

    def __init__(self, schedule: Schedule, settings: Settings, now: Callable[[], int], creations: Creations) -> None:
        self._schedule = schedule
        self._settings = settings
        self._now = now
        self._creations = creations

    def routes(self) -> list[Route]:
        return [
            self._route("/api/openapi.json", GET=self._description),
            self._route("/api/meetings", GET=self._list, POST=self._create),
            self._route("/api/meetings/{slug}", GET=self._get, PATCH=self._change, DELETE=self._delete),
        ]

    def _route(self, path: str, **handlers: Handler) -> Route:
        """One route for all methods of an address, so that whoever asks with another one is told of all."""

        async def asked(request: Request) -> Response:
            try:
                if request.method in {"POST", "PATCH", "DELETE"}:
                    self._check_origin(request)
                return await handlers["GET" if request.method == "HEAD" else request.method](request)
            except Wrong as wrong:
                return sorry(wrong)

        return Route(path, asked, methods=[*handlers])

    async def _description(self, request: Request) -> Response:
        return answer(description())

    async def _list(self, request: Request) -> Response:
        now, listed, ended = self._now(), await self._schedule.listed(), await self._schedule.ended()
        # In a thread: with thousands of meetings it takes a while, and the rooms must not wait for it.
        return await asyncio.to_thread(
            lambda: answer({"meetings": [self._shown(stored, now, ended) for stored in listed]})
        )

    async def _get(self, request: Request) -> Response:
        stored, now, ended = await self._find(request), self._now(), await self._schedule.ended()
        meeting = self._shown(stored, now, ended)
        if (days := request.query_params.get("days")) is not None:
            if not re.fullmatch(r"\d{1,3}", days, re.ASCII) or not 0 < int(days) <= MOST_DAYS:
                raise Wrong("invalid", f"Expected 1 to {MOST_DAYS} days.", "days")
            dates = stored.dates(now, now + int(days) * DAY)
            meeting["occurrences"] = [_times(it) for it in dates if it.room not in ended]
        return answer(meeting)

    async def _create(self, request: Request) -> Response:
        self._creations.check(request.url.hostname, _bearer(request))
        body = await self._body(request)
        self._creations.count(request.url.hostname, request.client.host if request.client else "")
        stored, keys = await make(self._schedule, body, self._now())
        urls = self._urls(request, stored.slug, keys, body.passcode or None)
        return answer({"slug": stored.slug} | urls, 201)

    async def _change(self, request: Request) -> Response:
        stored = await self._managed(request)
        body = await self._body(request)
        stored, keys = await change(self._schedule, stored, body, self._now())
        urls = self._urls(request, stored.slug, keys, None)
        fresh = {f"{name}_url": urls[f"{name}_url"] for name in body.renew or ()}
        return answer(self._shown(stored, self._now(), await self._schedule.ended()) | fresh)

    async def _delete(self, request: Request) -> Response:
        await self._schedule.delete((await self._managed(request)).slug)
        return Response(status_code=204)

    async def _find(self, request: Request) -> Stored:
        stored = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise Wrong("no_such_meeting", "There is no such meeting here.", status=404)
        return stored

    async def _managed(self, request: Request) -> Stored:
        key = _bearer(request)
        if key is None:
            raise Wrong("no_key", "This needs the meeting's manage key.", status=401)
        stored = await self._find(request)
        if not stored.secrets.may_manage(key):
            raise Wrong("bad_key", "This is not the meeting's manage key.", status=403)
        return stored

    def _check_origin(self, request: Request) -> None:
        origin, host = request.headers.get("origin"), request.headers.get("host", "")
        if not origin_is_allowed(origin, host, self._settings.origin):
            raise Wrong("bad_origin", "This site may not change meetings here.", status=403)

    async def _body(self, request: Request) -> Posted:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Wrong("bad_content_type", "Expected Content-Type: application/json.", status=415)
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise Wrong("too_large", f"Expected at most {MOST_BYTES} bytes.", status=413)
        except ClientDisconnect:
            raise Wrong("bad_json", "The body did not come to its end.") from None
        return posted(body)

    def _shown(self, stored: Stored, now: int, ended: frozenset[RoomId]) -> dict[str, Any]:
        coming = stored.next(now, ended)
        return shown(stored, None if coming is None else _times(coming))

    def _urls(self, request: Request, slug: str, keys: Keys, passcode: str | None) -> dict[str, str]:
        links = site_of(request, self._settings).links(slug, keys, passcode)
        return {f"{name}_url": url for name, url in links.items()}


def _bearer(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def _times(occurrence: Occurrence) -> dict[str, Any]:
    it = occurrence
    times: dict[str, Any] = {"room": it.room, "doors_at": it.doors_at, "starts_at": it.starts_at, "ends_at": it.ends_at}
    said = {
        "cancelled": it.is_cancelled,
        "moved_from": it.moved_from and it.moved_from.isoformat(),
        "note": it.note,
        "clock_note": it.clock_note,
    }
    return times | {name: value for name, value in said.items() if value}
