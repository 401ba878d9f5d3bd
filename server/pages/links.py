"""The sheet of a meeting's links: each explained, to copy, to print, and to photograph."""

from collections.abc import Iterable

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from config.settings import Settings
from server.pages.rendering import Renderer
from server.pages.saying import when
from server.pages.words import spoken
from server.schedule.addresses import site_of
from server.schedule.keys import Keys
from server.schedule.meetings import Stored


def sheet(
    request: Request,
    renderer: Renderer,
    settings: Settings,
    stored: Stored,
    keys: Keys,
    *,
    passcode: str | None = None,
    only: Iterable[str] | None = None,
    title: str = "links.title",
) -> Response:
    """The page with these links; all of them, or `only` some. They are known in this moment, and shown this once."""
    urls = site_of(request, settings).links(stored.slug, keys, passcode)
    names = list(urls) if only is None else [name for name in urls if name in set(only)]
    return renderer.page(
        request,
        "links.html",
        stored=stored,
        meeting=stored.meeting,
        when=when(spoken(request), stored.meeting),
        links=[(name, urls[name], qr(urls[name])) for name in names],
        title=title,
        manage=urls["manage"] if "manage" in names else None,
    )


def qr(text: str) -> Markup:
    """The text as a QR code, in SVG that needs no style of its own."""
    code = segno.make_qr(text, error="m")
    return Markup(code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None))  # noqa: S704
