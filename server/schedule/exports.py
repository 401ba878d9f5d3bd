"""The schedule for other programs to read: a Meeting Guide feed and calendars."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from server.schedule.addresses import Site, site_of
from server.schedule.calendars import calendar
from server.schedule.listing import listing, table
from server.schedule.meetings import Schedule, Stored

JSON: Final = "application/json; charset=utf-8"
TABLE: Final = "text/csv; charset=utf-8"
CALENDAR: Final = "text/calendar; charset=utf-8"
MOST_KEPT: Final = 8

Make = Callable[[list[Stored], Site], bytes]


class Exports:
    """The requests of finders and calendars: from any web page, and often. An ETag spares them the body."""

    def __init__(self, schedule: Schedule, settings: Settings) -> None:
        self._schedule = schedule
        self._settings = settings
        self._kept: dict[tuple[Make, Site], tuple[list[Stored], bytes]] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/meetings.json", self._listing),
            Route("/meetings.csv", self._table),
            Route("/meetings.ics", self._calendar),
            Route("/m/{slug}.ics", self._meeting),
        ]

    async def _listing(self, request: Request) -> Response:
        return _answer(request, JSON, await self._made(_feed, request))

    async def _table(self, request: Request) -> Response:
        return _answer(request, TABLE, await self._made(_csv, request))

    async def _calendar(self, request: Request) -> Response:
        if (group := request.query_params.get("group")) is not None:
            return await self._group(request, group)
        made = await self._made(_discreet_calendar if _is_discreet(request) else _calendar, request)
        return _answer(request, CALENDAR, made)

    async def _meeting(self, request: Request) -> Response:
        stored = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise HTTPException(404)
        site, is_discreet = site_of(request, self._settings), _is_discreet(request)
        return _answer(request, CALENDAR, calendar([stored], stored.meeting.name, site, is_discreet=is_discreet))

    async def _group(self, request: Request, group: str) -> Response:
        """The calendar of one group: of all its meetings that are listed."""
        wanted = " ".join(group.split()).casefold()
        its = [it for it in await self._schedule.listed() if " ".join(it.meeting.group.split()).casefold() == wanted]
        if not wanted or not its:
            raise HTTPException(404)
        site, is_discreet = site_of(request, self._settings), _is_discreet(request)
        return _answer(request, CALENDAR, calendar(_held(its), its[0].meeting.group, site, is_discreet=is_discreet))

    async def _made(self, make: Make, request: Request) -> bytes:
        """What `make` makes of all meetings, kept while they stay as they are.

        In a thread: with thousands of meetings it takes a while, and the rooms must not wait for it.
        """
        meetings, site = await self._schedule.listed(), site_of(request, self._settings)
        of, body = self._kept.get((make, site), (None, b""))
        if of is not meetings:
            body = await asyncio.to_thread(make, meetings, site)
            if len(self._kept) >= MOST_KEPT:  # only where no origin is set, and visitors name the site as they like
                self._kept.clear()
            self._kept[make, site] = meetings, body
        return body


def _feed(meetings: list[Stored], site: Site) -> bytes:
    return msgspec.json.encode(listing(meetings, site))


def _csv(meetings: list[Stored], site: Site) -> bytes:
    return table(listing(meetings, site))


def _calendar(meetings: list[Stored], site: Site) -> bytes:
    return calendar(_held(meetings), f"Meetings at {site.host}", site)


def _discreet_calendar(meetings: list[Stored], site: Site) -> bytes:
    return calendar(_held(meetings), "", site, is_discreet=True)


def _held(meetings: list[Stored]) -> list[Stored]:
    """Those that are not paused: whoever subscribes to many is not told for ever of one that may come back.

    If all are paused they are told as cancelled, as in a meeting's own calendar, for none may be empty (RFC 5545, 3.6).
    """
    return [it for it in meetings if not it.meeting.is_paused] or meetings


def _is_discreet(request: Request) -> bool:
    return request.query_params.get("title") == "private"


def _answer(request: Request, media_type: str, body: bytes) -> Response:
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    # Weak: the same compressed or not.
    headers = {"etag": f"W/{tag}", "access-control-allow-origin": "*", "cache-control": "public, max-age=300"}
    known = {it.strip().removeprefix("W/") for it in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
