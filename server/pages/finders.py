"""How listing sites will see a meeting: what our feed tells them of it, what they make of that, and what is missing.

What they do is read from their code (tsml-ui, the WordPress plugin 12-step-meeting-list, BMLT, the Online
Intergroup's editor); a rule of theirs stands beside the sentence that tells it.
"""

import re
from typing import Any, Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from server.pages.rendering import Renderer
from server.schedule.addresses import site_of
from server.schedule.listing import listing
from server.schedule.meetings import Meeting, Schedule, Stored
from server.schedule.recurrence import Weekly

BEST_NAME: Final = 64  # characters; some sites cut what is longer
PHONE: Final = 10  # digits, with which a meeting counts as online anywhere


class Reader(Struct, frozen=True):
    """One kind of site: its name, whether it shows the meeting by itself, and the key of the sentence that says why."""

    name: str
    shows: bool
    why: str


def why_not_told(meeting: Meeting) -> str | None:
    """Why the feed does not have the meeting, as a message's key; None if it has."""
    if not meeting.listed:
        return "finders.unlisted"
    if meeting.is_paused:
        return "finders.paused"
    return None if isinstance(meeting.recurrence, Weekly) else "finders.not_weekly"


def missing(meeting: Meeting) -> list[str]:
    """What would help those who look for it, as keys of messages."""
    wanted = {
        "finders.no_description": not meeting.description,
        "finders.no_types": not meeting.types,
        "finders.no_language": not meeting.language,
        "finders.no_group": not meeting.group,
        "finders.no_place": not meeting.place,
        "finders.long_name": len(meeting.name) > BEST_NAME,
    }
    return [key for key, is_missing in wanted.items() if is_missing]


def has_phone(meeting: Meeting) -> bool:
    return len(re.sub(r"\D", "", meeting.phone)) >= PHONE


def readers(meeting: Meeting, row: dict[str, Any]) -> list[Reader]:
    """What each kind of site makes of the meeting's row in the feed."""
    rings = has_phone(meeting) and bool(row.get("conference_phone"))
    known = "finders.by_phone" if rings else "finders.unknown_host"
    asked = "finders.by_phone" if rings else "finders.ask_makers"
    return [
        # load-meeting-data.ts: online only if the link's host is one of its providers, or by phone; else inactive.
        Reader("tsml-ui", rings, known),
        # functions_import.php: a link of another host is dropped; without a phone the meeting is inactive.
        Reader("12 Step Meeting List (WordPress)", rings, known),
        # SPEC: needs slug, day, time and geography, all of which each row has; its link has to be of a known host.
        Reader("Meeting Guide (app)", rings, asked),
        # The editor's form knows the same hosts: "invalid conference provider".
        Reader("Online Intergroup of A.A.", rings, asked),
        # virtual_meeting_link is any address.
        Reader("BMLT", shows=True, why="finders.any_host"),
        Reader("Google, Bing, DuckDuckGo", shows=True, why="finders.search"),
    ]


class Finders:
    """The page `/m/{slug}/finders`."""

    def __init__(self, schedule: Schedule, settings: Settings, renderer: Renderer) -> None:
        self._schedule = schedule
        self._settings = settings
        self._renderer = renderer

    def routes(self) -> list[Route]:
        return [Route("/m/{slug}/finders", self._asked)]

    async def _asked(self, request: Request) -> Response:
        stored: Stored | None = await self._schedule.get(request.path_params["slug"])
        if stored is None:
            raise HTTPException(404)
        site, it = site_of(request, self._settings), stored.meeting
        why_not = why_not_told(it)
        rows = [] if why_not else listing([stored], site)
        return self._renderer.page(
            request,
            "finders.html",
            stored=stored,
            meeting=it,
            why_not=why_not,
            rows=rows,
            readers=readers(it, rows[0]) if rows else [],
            missing=missing(it),
            host=site.host,
            feed=f"{site.base}/meetings.json",
        )
