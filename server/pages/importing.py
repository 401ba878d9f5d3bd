"""The operator's page for feeds: first a dry run in which every row is accounted for, then the import.

Between the two nothing is kept here: the dry run's page carries the document, packed, so that what is imported is
what was shown.
"""

import asyncio
import base64
import binascii
import zlib
from hmac import compare_digest
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import LOOPBACK, Settings
from server.pages.asking import PROGRAMS
from server.pages.forms import Form, Tokens, posted_form
from server.pages.rendering import Renderer
from server.schedule.documents import MOST_BYTES, NotAFeed, feed_in
from server.schedule.feeds import Feed
from server.schedule.fetching import CannotFetch, fetch
from server.schedule.importing import Report, import_feed
from server.schedule.keys import hashed
from server.schedule.meetings import Schedule
from server.schedule.zones import places, zone_name

MOST_POSTED: Final = MOST_BYTES * 2
MOST_SOURCE: Final = 255  # characters, as its column has


class Importing:
    """The page `/operator/import`."""

    def __init__(self, schedule: Schedule, settings: Settings, tokens: Tokens, renderer: Renderer) -> None:
        self._schedule = schedule
        self._settings = settings
        self._tokens = tokens
        self._renderer = renderer

    def routes(self) -> list[Route]:
        path = "/operator/import"
        return [Route(path, self._asked, methods=["GET"]), Route(path, self._posted, methods=["POST"])]

    async def _asked(self, request: Request) -> Response:
        return self._page(request, Form().with_defaults({"online_only": "yes"}))

    async def _posted(self, request: Request) -> Response:
        form = await posted_form(request, self._settings.origin, self._tokens, MOST_POSTED)
        zone = zone_name(form.get("timezone"))
        if self._needs_key(request) and not self._is_operators(form.text("key")):
            form.refuse("wrong.bad_key", "key")
        if form.get("timezone") and zone is None:
            form.refuse("wrong.timezone", "timezone")
        if form.wrong:
            return self._page(request, form, 422)
        is_done = form.asks[0] == "import"
        content = await self._content(form)
        if content is not None:
            # A database may take no NUL, and nobody can read the others.
            source = "".join(filter(str.isprintable, form.text("source")))[:MOST_SOURCE]
            feed = Feed(source, zone, form.text("program"), form.get("online_only") == "yes")
            try:
                document = await asyncio.to_thread(feed_in, content)
                report = await import_feed(self._schedule, document, feed, dry_run=not is_done)
            except NotAFeed as error:
                form.refuse("import.not_a_feed", "file")
                return self._page(request, form, 422, why=str(error))
            packed = "" if is_done else base64.b64encode(zlib.compress(content)).decode()
            return self._page(request, form, report=report, packed=packed, is_done=is_done)
        return self._page(request, form, 422)

    async def _content(self, form: Form) -> bytes | None:
        """The document: the one that was shown before, else the file's, else what is at the address."""
        file, url = form.files.get("file"), form.text("url")
        try:
            if form.get("packed"):
                return await asyncio.to_thread(_unpacked, form.get("packed"))
            if isinstance(file, UploadFile) and file.filename:
                content = await file.read(MOST_BYTES + 1)
                if not form.text("source"):
                    form.set("source", file.filename[:MOST_SOURCE])
                return content
            if url:
                if not form.text("source"):
                    form.set("source", url[:MOST_SOURCE])
                return await asyncio.to_thread(fetch, url)
            form.refuse("import.nothing", "file")
        except CannotFetch:
            form.refuse("import.cannot_fetch", "url")
        except (ValueError, zlib.error, binascii.Error):
            form.refuse("import.nothing", "file")
        return None

    def _needs_key(self, request: Request) -> bool:
        return not (self._settings.is_loopback and request.url.hostname in LOOPBACK)

    def _is_operators(self, key: str) -> bool:
        known = self._settings.operator_key
        return bool(known) and compare_digest(hashed(known), hashed(key))

    def _page(
        self, request: Request, form: Form, status: int = 200, report: Report | None = None, **values: Any
    ) -> Response:
        shown: dict[str, Any] = {"packed": "", "is_done": False, "why": ""} | values
        return self._renderer.page(
            request,
            "import.html",
            status,
            form=form,
            report=report,
            token=self._tokens.new(),
            needs_key=self._needs_key(request),
            programs=PROGRAMS,
            zone_names=places().items,
            **shown,
        )


def _unpacked(packed: str) -> bytes:
    """Raises `ValueError` or `zlib.error` for what we did not pack."""
    content = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    return content
