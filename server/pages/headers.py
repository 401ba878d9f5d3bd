"""What answers tell a browser: what it may not do, and how long it may keep them."""

from collections.abc import Iterable
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "content-security-policy"


def policy(style_hashes: Iterable[str] = ()) -> str:
    """What a page may load and do; styles within it only where their hash (base64 of SHA-256) is among those given."""
    styles = "".join(f" 'sha256-{it}'" for it in style_hashes)
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'{styles}; connect-src 'self'; img-src 'self' data:; "
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


SECURITY: Final = {
    POLICY: policy(),
    # Nobody else hears where somebody came from. Not "no-referrer", with which our own forms would have no Origin.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """Adds `SECURITY` to every answer, less what it says of this itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in SECURITY.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(it for it in self._headers if it[0] not in said)]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class Cached:
    """Files with how long a browser may keep them."""

    def __init__(self, app: ASGIApp, cache_control: str) -> None:
        self._app = app
        self._header = (b"cache-control", cache_control.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 206, 304}:
                message["headers"] = [*message["headers"], self._header]
            await send(message)

        await self._app(scope, receive, with_header)


# A page of the schedule comes to an eighth of its size. The secrets in an answer are new in each, so that nothing can
# be guessed from how well they compress.
MIDDLEWARE: Final = (Middleware(SecurityHeaders), Middleware(GZipMiddleware, compresslevel=6))
