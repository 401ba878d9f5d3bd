"""The page on which meetings are found: `/`, with whatever is asked for in its query."""

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.meeting_types import type_names
from rooms.vocabulary import RoomId
from server.pages.asking import PROGRAMS
from server.pages.finding import TIMES, Coming, Wanted, wanted
from server.pages.rendering import Renderer, answer
from server.pages.words import Words, spoken
from server.schedule.meetings import Meeting, Schedule, Stored
from server.schedule.recurrence import Always
from server.schedule.zones import places

MOST_SHOWN: Final = 500  # pages that are kept for whoever asks for the same in the same moment
FRESH: Final = 15_000  # ms that a page once made is shown


class SchedulePage:
    """`/`, and `/clocks`, on which a visitor whose browser runs no scripts chooses a time zone."""

    def __init__(self, schedule: Schedule, renderer: Renderer, now: Callable[[], int]) -> None:
        self._schedule = schedule
        self._renderer = renderer
        self._now = now
        self._coming: Coming | None = None
        self._of: tuple[list[Stored], frozenset[RoomId], int] | None = None
        self._shown: dict[tuple[str, Wanted], str] = {}
        self._at_work = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [Route("/", self._index), Route("/clocks", self._clocks)]

    async def _index(self, request: Request) -> Response:
        t, asked = spoken(request), wanted(request.query_params)
        async with self._at_work:  # once for all who come in the same moment, as they do before a meeting
            listed, ended, now = await self._schedule.listed(), await self._schedule.ended(), self._now()
            if self._of != (of := (listed, ended, now // FRESH)):
                self._of = of
                self._shown.clear()
            key = t.language, asked
            if key not in self._shown:
                if len(self._shown) >= MOST_SHOWN:
                    self._shown.clear()
                # In a thread: with thousands of meetings it takes a while, and the rooms must not wait for it.
                self._shown[key] = await asyncio.to_thread(self._html, t, asked, listed, ended, now)
        return answer(request, self._shown[key])

    def _html(self, t: Words, asked: Wanted, listed: list[Stored], ended: frozenset[RoomId], now: int) -> str:
        if self._coming is None or not self._coming.is_still_good(listed, now):
            self._coming = Coming(listed, now)
        coming = self._coming
        return self._renderer.html(
            t,
            "index.html",
            asked=asked,
            found=coming.find(asked, now, ended),
            listed=coming.count,
            zone=asked.zone,
            choices=_choices(t, coming),
            types_of=_types_of,
            is_always=lambda meeting: isinstance(meeting.recurrence, Always),
            address=lambda **other: "/?" + urlencode(asked.address(**other)),
            at_clocks="/clocks?" + urlencode(asked.address()),
        )

    async def _clocks(self, request: Request) -> Response:
        asked = wanted(request.query_params)
        kept = {name: value for name, value in asked.address().items() if name != "zone"}
        return self._renderer.page(request, "clocks.html", asked=asked, kept=kept, zones=places())


def _types_of(meeting: Meeting) -> list[str]:
    return type_names(meeting.types, meeting.program)


def _choices(t: Words, coming: Coming) -> dict[str, list[tuple[str, str]]]:
    """What the selects of the search offer."""
    choices = coming.choices
    return {
        "day": [("now", t("find.now")), *((str(day), t.weekday(day)) for day in (1, 2, 3, 4, 5, 6, 0))],
        "time": [(time, t(f"find.{time}")) for time in TIMES],
        "spoken": sorted(((code, t.language_name(code)) for code in choices.spoken), key=lambda it: it[1]),
        "type": choices.types,
        "program": [(code, PROGRAMS.get(code.lower(), code)) for code in choices.programs],
    }
