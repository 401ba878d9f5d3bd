"""Whoever fills in forms, with a browser that knows nothing of scripts: what is shown is what is posted."""

from html.parser import HTMLParser
from typing import Any

import httpx

from tests.server.site import ORIGIN, Site

Fields = list[tuple[str, str]]


class Filled(HTMLParser):
    """The fields of a page's last form, as a browser would post them, and what is told beside them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.action = ""
        self.fields: Fields = []
        self.wrong: dict[str, str] = {}
        self.buttons: list[str] = []
        self._text: list[str] | None = None
        self._area = self._select = self._told = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        it = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.action, self.fields, self.buttons = it.get("action", ""), [], []
            case "button" if "value" in it:
                self.buttons.append(it["value"])
            case "textarea":
                self._area, self._text = it["name"], []
            case "select":
                self._select = it["name"]
            case "option" if "selected" in it:
                self.fields.append((self._select, it["value"]))
            case "p" if it.get("class") == "wrong":
                self._told, self._text = it["id"].removesuffix("-wrong"), []
            case "input" if it.get("type") in {"checkbox", "radio"}:
                if "checked" in it:
                    self.fields.append((it["name"], it.get("value", "on")))
            case "input" if "name" in it and it.get("type") != "file":
                self.fields.append((it["name"], it.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self.fields.append((self._area, "".join(self._text).removeprefix("\n")))
            self._text = None
        if tag == "p" and self._told and self._text is not None:
            self.wrong[self._told] = "".join(self._text)
            self._told, self._text = "", None

    def get(self, name: str) -> str:
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def with_(self, **typed: Any) -> Fields:
        """The fields with these typed, by their names (`__` for a point); a list for a field that there are many of."""
        wanted = {name.replace("__", "."): value for name, value in typed.items()}
        kept = [(name, value) for name, value in self.fields if name not in wanted]
        return kept + [
            (name, str(one))
            for name, value in wanted.items()
            for one in (value if isinstance(value, list) else [value])
        ]


class Volunteer:
    """Somebody who goes from form to form."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.answer: httpx.Response | None = None
        self.path = ""

    async def opens(self, path: str) -> Filled:
        self.path = path
        self.answer = await self.site.http.get(path)
        assert self.answer.status_code == 200, self.answer.text
        return Filled(self.answer.text)

    async def presses(self, do: str, form: Filled, *, origin: str | None = ORIGIN, **typed: Any) -> Filled:
        """Post the form with what was typed, by that button."""
        headers = {"Origin": origin} if origin else {}
        data: dict[str, Any] = {}
        for name, value in [*form.with_(**typed), ("do", do)]:
            data.setdefault(name, []).append(value)
        self.answer = await self.site.http.post(form.action or self.path, data=data, headers=headers)
        return Filled(self.answer.text)

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status_code

    @property
    def html(self) -> str:
        assert self.answer is not None
        return self.answer.text
