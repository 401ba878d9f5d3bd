"""The addresses of this site that others are given."""

from urllib.parse import quote, urlsplit

from msgspec import Struct
from starlette.requests import Request

from config.settings import Settings
from server.schedule.keys import Keys


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

    def links(self, slug: str, keys: Keys, passcode: str | None = None) -> dict[str, str]:
        """A meeting's links by whom they are for. Secrets stand in fragments, which no server and no log sees."""
        room = self.room(slug)
        return {
            "join": room + (f"#passcode={quote(passcode, safe='')}" if passcode else ""),
            "host": f"{room}#key={keys.host}",
            "timekeeper": f"{room}#key={keys.timekeeper}",
            "greeter": f"{room}#key={keys.greeter}",
            "manage": f"{self.page(slug)}/manage#key={keys.manage}",
        }


def site_of(request: Request, settings: Settings) -> Site:
    """The site as the operator named it, else as this visitor reached it."""
    return Site((settings.origin[0] if settings.origin else str(request.base_url)).rstrip("/"))
