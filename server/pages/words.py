"""The words of the pages that the server renders, in six languages, and how a visitor's language is found.

A catalogue is `config/messages/{code}.json`: by key a text, or its plural forms as CLDR names them; `{name}` in it
stands for a value, and `n` chooses the form. In a template: `{{ t("page.skip") }}`.
"""

import datetime as dt
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.lists import format_list
from starlette.requests import HTTPConnection
from starlette.responses import Response

LANGUAGES: Final = {  # by code, each as it calls itself; and the region whose dates it writes
    "en": ("English", "en_GB"),
    "es": ("Español", "es"),
    "fr": ("Français", "fr"),
    "de": ("Deutsch", "de"),
    "pt": ("Português", "pt_BR"),
    "ar": ("العربية", "ar"),
}
DEFAULT: Final = "en"
COOKIE: Final = "language"  # the choice, until the browser is closed; made only by whoever chooses
NAMES: Final = {code: name for code, (name, _) in LANGUAGES.items()}

NAMED: Final = {name: code for code, name in Locale("en").languages.items()}  # languages by their English names

Message = str | dict[str, str]


class Words:
    """One language: its messages, its plural rules, how it writes dates, and in which direction it reads."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(LANGUAGES[language][1])
        self.direction: str = self._locale.text_direction
        file = resources.files("config.messages") / f"{language}.json"
        self._messages: dict[str, Message] = json.loads(file.read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: Any) -> str:
        """The message of that key; of a key that there is not the English one. Raises `KeyError` if there is none."""
        message = self._messages.get(key)
        if message is None and self.language != DEFAULT:
            return words(DEFAULT)(key, **values)
        if message is None:
            raise KeyError(f"expected a message {key}")
        if isinstance(message, dict):
            message = message.get(self._locale.plural_form(values.get("n", 0)), message["other"])
        return re.sub(r"\{(\w+)\}", lambda found: self._shown(values[found[1]]), message)

    def _shown(self, value: Any) -> str:
        return f"{value:g}" if isinstance(value, float) else str(value)

    def has(self, key: str) -> bool:
        return key in self._messages

    def day(self, day: date) -> str:
        """`Tue 3 Nov`, as the language writes it."""
        return _day(day, self._locale)

    def long_day(self, day: date) -> str:
        """`Tuesday 3 November`."""
        known = self._locale.datetime_skeletons
        pattern = (known.get("MMMMEd") or known["MMMEd"]).pattern
        return format_date(day, re.sub(r"E+", "EEEE", re.sub(r"MMM+", "MMMM", pattern)), locale=self._locale)

    def time(self, at: datetime) -> str:
        """`19:00`, by the clocks of `at`'s own zone."""
        return _time(at.time().replace(second=0, microsecond=0), self._locale)

    def time_of_day(self, at: dt.time) -> str:
        return _time(at, self._locale)

    def weekday(self, day: int) -> str:
        """`Tuesday` for 2; Sunday is 0."""
        return str(self._locale.days["stand-alone"]["wide"][(day - 1) % 7])

    def language_name(self, code: str) -> str:
        """What another language is called in this one; its code, if nobody knows it."""
        return str(self._locale.languages.get(code, code))

    def type_name(self, name: str) -> str:
        """A type of meetings, by its English name: in this language if it is known in it, be it a language itself."""
        key = f"type.{re.sub('[^a-z0-9]+', '_', name.lower())}"
        if self.has(key):
            return self(key)
        return self.language_name(NAMED[name]) if name in NAMED else name

    def city(self, zone: str) -> str:
        """How people call a zone: `Los Angeles` for `America/Los_Angeles`."""
        return _city(zone, self._locale)

    def all_of(self, things: Sequence[str]) -> str:
        """`a, b and c`."""
        return format_list(things, locale=self._locale)


# A page says the same few days and times again and again, and it takes long to look up how they are written.
@lru_cache(maxsize=4096)
def _day(day: date, locale: Locale) -> str:
    return str(format_skeleton("MMMEd", _at_midnight(day), locale=locale))


@lru_cache(maxsize=4096)
def _time(at: dt.time, locale: Locale) -> str:
    return str(format_skeleton("Hm", datetime.combine(date(2000, 1, 1), at), locale=locale))


@lru_cache(maxsize=4096)
def _city(zone: str, locale: Locale) -> str:
    return "UTC" if zone == "UTC" else get_timezone_location(zone, locale=locale, return_city=True)


@cache
def words(language: str) -> Words:
    return Words(language)


def spoken(connection: HTTPConnection) -> Words:
    """The visitor's language: the one asked for in the address, else the one chosen before, else the browser's."""
    asked = connection.query_params.get("language"), connection.cookies.get(COOKIE)
    chosen = next((code for code in asked if code in LANGUAGES), None)
    return words(chosen or _accepted(connection.headers.get("accept-language", "")))


def remember(connection: HTTPConnection, response: Response) -> None:
    """Keep the language that the address asks for, until the browser is closed."""
    if (chosen := connection.query_params.get("language")) in LANGUAGES:
        response.set_cookie(COOKIE, chosen, samesite="strict")
    response.headers.append("vary", "Accept-Language, Cookie")


def _accepted(header: str) -> str:
    """The first of our languages that the browser prefers (RFC 9110, 12.5.4)."""
    wanted = []
    for part in header.split(",")[:20]:
        tag, _, quality = part.strip().lower().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.partition("-")[0]))
        except ValueError:
            continue
    return next(
        (code for quality, code in sorted(wanted, key=lambda it: it[0]) if code in LANGUAGES and quality), DEFAULT
    )


def _at_midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())
