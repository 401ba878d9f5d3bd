"""Which web pages may speak with this server."""

from urllib.parse import urlsplit


def origin_is_allowed(origin: str | None, host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a page of `origin` may. Without an origin it is no browser, and nobody's trust is borrowed."""
    if origin is None or origin in allowed:
        return True
    try:
        return bool(host) and urlsplit(origin).netloc == host
    except ValueError:
        return False
