"""The page on which meetings are found: `/`, with whatever is asked for in its query."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.meeting_types import type_names
from rooms.vocabulary import RoomId
from server.pages.asking import PROGRAMS
from server.pages.finding import Asked, asked, find
from server.pages.rendering import Renderer, answer
from server.pages.words import Words, spoken
from server.schedule.meetings import Schedule
from server.schedule.recurrence import Always
from server.schedule.search import PARTS, Index, Search
from server.schedule.zones import places

MOST_SHOWN: Final = 100  # pages that are kept for whoever asks for the same in the same moment
FRESH: Final = 15_000  # ms that a page once made is shown
MOST_TYPES: Final = 40


class SchedulePage:
    """`/`, and `/clocks`, on which a visitor whose browser runs no scripts chooses a time zone."""

    def __init__(self, schedule: Schedule, renderer: Renderer, now: Callable[[], int]) -> None:
        self._schedule = schedule
        self._search = Search(schedule, now)
        self._renderer = renderer
        self._now = now
        self._of: tuple[Index, frozenset[RoomId], int] | None = None
        self._shown: dict[tuple[str, Asked], str] = {}
        self._usual: tuple[str, dict[str, Counter[str]]] = "UTC", {}
        self._at_work = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [Route("/", self._index), Route("/clocks", self._clocks)]

    async def live(self, tell_of_fault: Callable[[Exception], None]) -> None:
        """Own what looks ahead in time, until cancelled."""
        await self._search.live(tell_of_fault)

    async def _index(self, request: Request) -> Response:
        t, ask = spoken(request), asked(request.query_params)
        async with self._at_work:  # once for all who come in the same moment, as they do before a meeting
            index, ended, now = await self._search.index(), await self._schedule.ended(), self._now()
            if self._of != (of := (index, ended, now // FRESH)):
                if self._of is None or self._of[0] is not index:
                    zones = Counter(it.meeting.timezone for it in index.listed)
                    choices = {name: index.choices(name) for name in ("language", "type", "program")}
                    self._usual = max(zones, key=zones.__getitem__, default="UTC"), choices
                self._of = of
                self._shown.clear()
            if (t.language, ask) not in self._shown:
                if len(self._shown) >= MOST_SHOWN:
                    self._shown.clear()
                # In a thread: the rooms must not wait for it.
                self._shown[t.language, ask] = await asyncio.to_thread(self._html, t, ask, index, ended, now)
        return answer(request, self._shown[t.language, ask])

    def _html(self, t: Words, ask: Asked, index: Index, ended: frozenset[RoomId], now: int) -> str:
        zone, choices = self._usual
        return self._renderer.html(
            t,
            "index.html",
            asked=ask,
            found=find(index, ask, ask.zone or zone, now, ended),
            listed=len(index.listed),
            zone=ask.zone,
            choices=_choices(t, choices),
            types_of=lambda meeting: [t.type_name(it) for it in type_names(meeting.types, meeting.program)],
            is_always=lambda meeting: isinstance(meeting.recurrence, Always),
            address=lambda **other: "/?" + urlencode(ask.address(**other)),
            here=ask.address(page=ask.page),
            at_clocks="/clocks?" + urlencode(ask.address()),
        )

    async def _clocks(self, request: Request) -> Response:
        ask = asked(request.query_params)
        kept = {name: value for name, value in ask.address().items() if name != "zone"}
        return self._renderer.page(request, "clocks.html", asked=ask, kept=kept, zones=places())


def _choices(t: Words, there: dict[str, Counter[str]]) -> dict[str, list[tuple[str, str]]]:
    """What the selects of the search offer."""
    return {
        "day": [("now", t("find.now")), *((str(day), t.weekday(day)) for day in (1, 2, 3, 4, 5, 6, 0))],
        "time": [(part, t(f"find.{part}")) for part in PARTS],
        "spoken": sorted(((code, t.language_name(code)) for code in there["language"]), key=lambda it: it[1]),
        "type": sorted(
            ((name, t.type_name(name)) for name, _ in there["type"].most_common(MOST_TYPES)), key=lambda it: it[1]
        ),
        "program": [(code, PROGRAMS.get(code, code)) for code in sorted(there["program"])],
    }
