"""Links to rooms, as the server prints them and people pass them on."""

from urllib.parse import parse_qs, quote, unquote, urlsplit

from msgspec import Struct

_SOCKETS = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class Place(Struct, frozen=True):
    """A room on a server, and the secrets of the link that led there. Shown without them."""

    server: str  # such as wss://rooms.example.org
    room: str  # a room id or a meeting's slug
    key: str | None = None
    passcode: str | None = None

    @property
    def url(self) -> str:
        """The socket's address."""
        return f"{self.server}/rooms/{quote(self.room, safe='')}/socket"

    @property
    def is_on_this_machine(self) -> bool:
        return urlsplit(self.server).hostname in {"localhost", "127.0.0.1", "::1"}

    def __repr__(self) -> str:
        return f"Place({self.url})"

    __str__ = __repr__


def place_of(link: str) -> Place:
    """Where a link leads: `https://host/r/{room}`, with `#key=…` or `#passcode=…`, or the socket's own address.

    Raises `ValueError`, which does not repeat the link.
    """
    try:
        parts = urlsplit(link.strip())
        head, _, room = parts.path.removesuffix("/socket").rstrip("/").rpartition("/")
        scheme, host = _SOCKETS.get(parts.scheme.lower()), parts.hostname
        if parts.port == 0 or "@" in parts.netloc:
            host = None
    except ValueError:  # of brackets and ports
        scheme = host = None
    if scheme is None or not host or not room or not head.endswith(("/r", "/rooms")):
        raise ValueError("Expected a room's link, such as https://host/r/meeting")
    fragment = parse_qs(parts.fragment.replace("+", "%2B"))
    return Place(
        f"{scheme}://{parts.netloc}{head.removesuffix('/r').removesuffix('/rooms')}",
        unquote(room),
        next(iter(fragment.get("key", ())), None),
        next(iter(fragment.get("passcode", ())), None),
    )
