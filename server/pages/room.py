"""The room's own page: its shell, the built files behind it, and what makes it a thing to install."""

import hashlib
import json
import mimetypes
import os
from asyncio import to_thread
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from anyio.to_thread import run_sync
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.pages.dated import Dated
from server.pages.finding import Asked, Page, find
from server.pages.headers import POLICY, Cached, policy
from server.pages.rendering import Renderer
from server.pages.words import spoken
from server.schedule.meetings import DAY, Schedule, Stored
from server.schedule.search import Search

ENTRY: Final = "src/main.tsx"
EARLY: Final = "early"  # the part that waits for no other
WORDS: Final = "src/messages/{}.json"
WORKER: Final = Path(__file__).parent / "static" / "worker.js"
AHEAD: Final = 400 * DAY
SUGGESTED: Final = 5  # meetings, to those who cannot come into this one
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))  # as the build has made them, the smallest first
MANIFEST: Final = {
    "name": "Openchair",
    "short_name": "Openchair",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "background_color": "#fbf9f4",
    "theme_color": "#24535a",
    "icons": [
        {"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml"},
        {"src": "/static/icon-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": "/static/icon-512.png", "sizes": "512x512", "type": "image/png"},
        {"src": "/static/icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ],
}


class Built(StaticFiles):
    """Files of the build; a browser that takes it gets the copy that the build has compressed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self.config_checked = True  # else it fails, and not only finds nothing, before the client has been built

    async def get_response(self, path: str, scope: Scope) -> Response:
        plain = await super().get_response(path, scope)  # or there is no such file
        accepted = {
            part.partition(";")[0].strip() for part in Headers(scope=scope).get("accept-encoding", "").split(",")
        }
        for encoding, suffix in ENCODINGS if isinstance(plain, FileResponse) else ():
            found, stat = await run_sync(self.lookup_path, path + suffix) if encoding in accepted else ("", None)
            if stat is not None:
                return self._compressed(path, encoding, found, stat, scope)
        return plain

    def _compressed(self, path: str, encoding: str, found: str, stat: os.stat_result, scope: Scope) -> Response:
        response = self.file_response(found, stat, scope)
        response.headers["content-type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
        response.headers["content-encoding"] = encoding
        response.headers.append("vary", "Accept-Encoding")
        return response


class RoomPages:
    """`/r/{room}` and what belongs to it; `client` is the folder of the built client."""

    def __init__(
        self,
        schedule: Schedule,
        renderer: Renderer,
        now: Callable[[], int],
        client: Path,
    ) -> None:
        self._schedule = schedule
        self._renderer = renderer
        self._now = now
        self._client = client
        self._search = Search(schedule, now)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/r/{room}", self._room),
            Route("/next.json", self._next),
            Route("/offline", self._offline),
            Route("/manifest.webmanifest", self._manifest),
            Route("/worker.js", self._worker),
            Mount("/assets", Cached(Built(self._client / "assets"), "public, max-age=31536000, immutable")),
        ]

    async def _room(self, request: Request) -> Response:
        room = request.path_params["room"]
        stored = await self._schedule.get(room.partition(".")[0])
        if stored is None:
            raise HTTPException(404)
        now, ended = self._now(), await self._schedule.ended()
        occurrence = next(iter(stored.coming(now, now + AHEAD, ended)), None)
        next_ = occurrence and {"doors_at": occurrence.doors_at, "starts_at": occurrence.starts_at}
        client = self._built(spoken(request).language)
        answer = self._renderer.page(
            request,
            "room.html",
            room=room,
            meeting=stored.meeting,
            shown=json.dumps(_described(stored) | {"next": next_}, ensure_ascii=False),
            client=client,
        )
        if client is not None:
            answer.headers[POLICY] = policy([client["style_hash"]])
        return answer

    def _built(self, language: str) -> dict[str, Any] | None:
        """The browser client's entry, what it imports, its styles, its words in that language; None if not built."""
        try:
            manifest = json.loads((self._client / ".vite" / "manifest.json").read_text(encoding="utf-8"))
            said = manifest.get(WORDS.format(language), {}).get("file")
            entry = manifest[ENTRY]
            parts = [entry, *(manifest[name] for name in entry.get("imports", []))]
            # Within the page: on a slow line a second request costs as long again before anything is seen.
            styles = "".join(
                (self._client / style).read_text(encoding="utf-8") for part in parts for style in part.get("css", [])
            )
            return {
                "script": entry["file"],
                "style": Markup(styles),  # noqa: S704 (of our own build)
                "style_hash": b64encode(hashlib.sha256(styles.encode()).digest()).decode(),
                "early": next(part["file"] for part in parts if part.get("name") == EARLY),
                "parts": [part["file"] for part in parts[1:] if part.get("name") != EARLY],
                "words": said,
            }
        except (OSError, ValueError, KeyError, StopIteration):
            return None

    async def _next(self, request: Request) -> Response:
        """Meetings that somebody who cannot come into this one may come to: open ones, then the next."""
        index, ended = await self._search.index(), await self._schedule.ended()
        found = await to_thread(find, index, Asked(), "UTC", self._now(), ended)
        return JSONResponse({"meetings": list(_suggested(found))}, headers={"cache-control": "no-cache"})

    async def _offline(self, request: Request) -> Response:
        return self._renderer.page(request, "offline.html")

    async def _manifest(self, request: Request) -> Response:
        return Response(
            json.dumps(MANIFEST), media_type="application/manifest+json", headers={"cache-control": "no-cache"}
        )

    async def _worker(self, request: Request) -> Response:
        """The service worker. Its version is that of the built files: with new ones it forgets the old."""
        files = json.dumps(self._built("en")).encode()
        version = hashlib.sha256(files + WORKER.read_bytes()).hexdigest()[:12]
        text = f'const VERSION = "{version}";\n{WORKER.read_text(encoding="utf-8")}'
        return Response(text, media_type="text/javascript", headers={"cache-control": "no-cache"})


def _described(stored: Stored) -> dict[str, Any]:
    """What the page tells of a meeting before one is in."""
    it, rules = stored.meeting, stored.meeting.rules
    return {
        "name": it.name,
        "description": it.description,
        "has_passcode": stored.secrets.needs_passcode,
        "waiting_room": rules.waiting_room,
        "roster": rules.roster,
        "minutes": it.minutes,
    }


def _suggested(page: Page) -> Iterator[dict[str, Any]]:
    found: list[Dated] = [*page.open_now, *page.soon]
    for dated in found[:SUGGESTED]:
        at, stored = dated.occurrence, dated.stored
        yield {"slug": stored.slug, "name": stored.meeting.name, "starts_at": at.starts_at, "is_open": dated.is_open}
