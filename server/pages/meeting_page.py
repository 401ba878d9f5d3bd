"""A meeting's page, and what it tells the programs of others. Nothing secret is in either."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.meeting_types import type_names
from config.settings import Settings
from server.pages.asking import PROGRAMS
from server.pages.dated import Dated
from server.pages.rendering import Renderer
from server.pages.saying import when
from server.pages.words import spoken
from server.schedule.addresses import Site, site_of
from server.schedule.meetings import DAY, Schedule, Stored
from server.schedule.recurrence import Always, Weekly

FAR: Final = 400 * DAY  # how far ahead it looks for dates
DATES: Final = 8
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class MeetingPage:
    """The page `/m/{slug}`."""

    def __init__(self, schedule: Schedule, settings: Settings, renderer: Renderer, now: Callable[[], int]) -> None:
        self._schedule = schedule
        self._settings = settings
        self._renderer = renderer
        self._now = now

    def routes(self) -> list[Route]:
        return [Route("/m/{slug}", self._asked)]

    async def _asked(self, request: Request) -> Response:
        stored = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise HTTPException(404)
        now, ended, t = self._now(), await self._schedule.ended(), spoken(request)
        planned = (it for it in stored.dates(now, now + FAR) if it.room not in ended)
        dates = [Dated(stored, it, is_open=it.doors_at <= now and not it.is_cancelled) for it in islice(planned, DATES)]
        it, site = stored.meeting, site_of(request, self._settings)
        code = it.language.partition("-")[0]
        return self._renderer.page(
            request,
            "meeting.html",
            stored=stored,
            meeting=it,
            rules=it.rules,
            when=when(t, it),
            dates=dates,
            always=isinstance(it.recurrence, Always),
            is_open=any(dated.is_open for dated in dates),
            types=[t.type_name(name) for name in type_names(it.types, it.program)],
            program=PROGRAMS.get(it.program.lower(), it.program),
            language=t.language_name(code) if code else "",
            # The line of a meeting that is not for everybody may carry its secrets: they are for its group to give.
            hides_line=not it.listed or "C" in it.types or stored.secrets.needs_passcode,
            webcal=f"webcal://{site.base.partition('://')[2]}/m/{stored.slug}.ics",
            json_ld=_script(event(stored, dates, site)) if it.listed and dates else None,
        )


def event(stored: Stored, dates: list[Dated], site: Site) -> dict[str, Any]:
    """The meeting as schema.org has it. The room's address carries no secret."""
    it, first = stored.meeting, next((dated for dated in dates if not dated.occurrence.is_cancelled), dates[0])
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": it.name,
        "url": site.page(stored.slug),
        "startDate": first.local.isoformat(timespec="minutes"),
        "endDate": _ends(first).isoformat(timespec="minutes"),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "eventStatus": f"https://schema.org/{_status(first)}",
        "isAccessibleForFree": True,
        "location": {"@type": "VirtualLocation", "url": site.room(stored.slug)},
    }
    if it.description:
        told["description"] = it.description
    if it.group:
        told["organizer"] = {"@type": "Organization", "name": it.group}
    if code := it.language.partition("-")[0]:
        told["inLanguage"] = code
    if isinstance(it.recurrence, Weekly):
        told["eventSchedule"] = {
            "@type": "Schedule",
            "repeatFrequency": "P1W",
            "byDay": [f"https://schema.org/{WEEKDAYS[day]}" for day in it.recurrence.days],
            "startTime": it.recurrence.time.strftime("%H:%M"),
            "duration": f"PT{it.minutes:g}M",
            "scheduleTimezone": it.timezone,
        }
    return told


def _status(dated: Dated) -> str:
    if dated.occurrence.is_cancelled:
        return "EventCancelled"
    return "EventRescheduled" if dated.occurrence.moved_from is not None else "EventScheduled"


def _ends(dated: Dated) -> datetime:
    length = timedelta(milliseconds=dated.occurrence.ends_at - dated.occurrence.starts_at)
    return (dated.local.astimezone(UTC) + length).astimezone(dated.local.tzinfo)


def _script(told: dict[str, Any]) -> Markup:
    """As it may stand in a script element: nothing in it ends the element."""
    text = json.dumps(told, ensure_ascii=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
