"""Pages from templates, in the visitor's language."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from config.meeting_types import type_names
from server.pages.words import NAMES, Words, remember, spoken

FRESH: Final = "no-cache"  # may be kept, and is asked for anew each time
UNKEPT: Final = "no-store"  # what was posted, and what holds a secret


class Renderer:
    """Makes answers of templates. `globals` are what every template may use."""

    def __init__(self, **globals_: Any) -> None:
        self._templates = Environment(
            loader=PackageLoader("server.pages"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self._templates.globals.update(type_names=type_names, languages=NAMES, Markup=Markup, **globals_)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        cache_control = FRESH if request.method in {"GET", "HEAD"} else UNKEPT
        return answer(request, self.html(spoken(request), name, **values), status, cache_control)

    def html(self, t: Words, name: str, **values: Any) -> str:
        return self._templates.get_template(name).render({"t": t, **values})


def answer(request: Request, html: str, status: int = 200, cache_control: str = FRESH) -> HTMLResponse:
    made = HTMLResponse(html, status, {"cache-control": cache_control})
    remember(request, made)
    return made
