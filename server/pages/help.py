"""“Get help now”: emergency numbers and help lines of a country, on a page and as data for the room."""

import re
from typing import Any, Final

import msgspec
from babel import Locale
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from config.help import Country, HelpLines
from server.pages.rendering import Renderer
from server.pages.words import Words, spoken

HOUR: Final = 3600  # seconds that a browser may keep the lines


class HelpPages:
    """The page `/help` and the data `/help.json`."""

    def __init__(self, lines: HelpLines, renderer: Renderer) -> None:
        self._lines = lines
        self._renderer = renderer
        self._countries = {country.code: country for country in lines.country}
        self._data = msgspec.json.encode(lines)

    def routes(self) -> list[BaseRoute]:
        return [Route("/help", self._page), Route("/help.json", self._as_data)]

    async def _page(self, request: Request) -> Response:
        t = spoken(request)
        chosen = self._countries.get(request.query_params.get("country", "")) or self._guess(request)
        values: dict[str, Any] = {
            "names": names(t, [*self._countries]),
            "chosen": chosen,
            "written": self._lines.written,
        }
        return self._renderer.page(request, "help.html", **values)

    async def _as_data(self, request: Request) -> Response:
        headers = {"cache-control": f"public, max-age={HOUR}"}
        return Response(self._data, headers=headers, media_type="application/json")

    def _guess(self, request: Request) -> Country | None:
        """The country of the browser's first language, as `de-AT` tells one."""
        regions = re.findall(r"\b[a-zA-Z]{2,3}-([A-Z]{2})\b", request.headers.get("accept-language", "")[:200])
        return next((self._countries[region] for region in regions if region in self._countries), None)


def names(t: Words, codes: list[str]) -> list[tuple[str, str]]:
    """The countries' codes and names in that language, by name."""
    territories = Locale.parse(t.language).territories
    return sorted(((code, territories.get(code, code)) for code in codes), key=lambda it: it[1])
