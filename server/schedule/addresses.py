"""The addresses of this site that others are given."""

from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request

from config.settings import Settings


class Site(Struct, frozen=True):
    """`base` is the site's origin, without a slash at its end."""

    base: str

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or "localhost"

    def room(self, slug: str) -> str:
        return f"{self.base}/r/{slug}"

    def page(self, slug: str) -> str:
        return f"{self.base}/m/{slug}"


def site_of(request: Request, settings: Settings) -> Site:
    """The site as the operator named it, else as this visitor reached it."""
    return Site((settings.origin[0] if settings.origin else str(request.base_url)).rstrip("/"))
