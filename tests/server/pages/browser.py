"""A page as a reader finds it: its texts, links and times."""

from html.parser import HTMLParser
from typing import Final

from tests.server.site import Site

EMPTY: Final = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.texts: list[str] = []
        self.links: dict[str, str] = {}  # by address, the text of the last one that leads there
        self.times: list[tuple[str, str]] = []  # the moment in UTC, and what is shown
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._open, "a tag was left open"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        self.texts.append(data)
        for tag, attributes in self._open:
            if tag == "a" and (href := attributes.get("href")):
                self.links[href] = data
            if tag == "time" and (moment := attributes.get("datetime")):
                self.times.append((moment, data))


async def page(site: Site, path: str) -> Page:
    return Page(await site.text(path))
