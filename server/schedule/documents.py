"""What comes as a feed, taken apart into rows: JSON in its several wrappings, lines of JSON, and CSV. Pure.

Nothing is refused that can be read: byte order marks, old Windows encodings, semicolons, NaN and JSONP all occur.
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

MOST_BYTES: Final = 20 * 2**20
MOST_ROWS: Final = 20_000
LISTS: Final = ("meetings", "data", "results", "items", "rows", "features")  # the names that wrappings give their list
DELIMITERS: Final = ",;\t|"
NAMES: Final = {"name", "meeting", "meeting_name", "title"}  # a table of meetings has a column of one of these names
FORMULA: Final = re.compile(r"'+[=+\-@\t\r]")  # as our own tables, and those of other careful programs, mark a text
MOST_ABOVE: Final = 10  # lines above the titles of a table
OTHERS: Final = {  # what is mistaken for a feed, by its first bytes
    b"<?xml": "XML",
    b"<": "a web page",
    b"PK": "a spreadsheet or an archive (save it as CSV)",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
}


class NotAFeed(ValueError):  # noqa: N818
    """The document is no list of meetings; the message says so to the operator."""


def feed_in(content: bytes) -> object:
    """The document of a feed: JSON as it stands there, or a list of rows. Raises `NotAFeed`: what it is instead."""
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content)
    if len(content) > MOST_BYTES:
        raise NotAFeed(f"The feed is larger than {MOST_BYTES // 2**20} MB.")
    table = _text(content)
    text = table.strip()
    if not text:
        raise NotAFeed("This is empty, not a feed.")
    for beginning, what in OTHERS.items():
        if content.lstrip(b"\xef\xbb\xbf \t\r\n")[: len(beginning)] == beginning:
            raise NotAFeed(f"This is {what}, not a feed.")
    if (jsonp := re.fullmatch(r"[\w.$]+\s*\((.*)\)\s*;?", text, re.DOTALL)) is not None:
        text = jsonp[1]
    if text[0] in "[{":
        return _json(text)
    return list(_table(table.lstrip()))  # its last line may be empty cells


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(content, MOST_BYTES + 1)
    except zlib.error:
        raise NotAFeed("This is damaged: it cannot be unpacked.") from None


def _text(content: bytes) -> str:
    """The text in the encoding that its mark names, else in UTF-8, else as old Windows programs write it."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.removeprefix(b"\xef\xbb\xbf").decode("cp1252", "replace")


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    where = ""
    try:
        # Slower, and bears with NaN, halves of characters, line breaks in texts, and numbers of thousands of digits.
        return json.loads(text, strict=False, parse_int=lambda digits: int(digits) if len(digits) < 20 else digits)
    except json.JSONDecodeError as error:
        where = f" (look at line {error.lineno}, column {error.colno})"
    except (ValueError, RecursionError):
        pass
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_line(line) for line in lines]
    if len(lines) > 1 and any(isinstance(row, dict) for row in found):
        return found
    raise NotAFeed(f"This is no valid JSON, not a feed{where}.")


def _line(text: str) -> object:
    """One of the lines of a feed that has a meeting on each; what cannot be read is no meeting."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _table(text: str) -> Iterator[dict[str, str]]:
    """The rows of a table with a line of titles, each by the titles of its columns."""
    text = text.replace("\0", "")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # as old Macintoshes write it
    delimiter = None
    if (told := re.match(r"sep=(.)\r?\n", text)) is not None:  # as Excel tells it
        delimiter, text = told[1], text[told.end() :]
    first = re.sub(r'"[^"]*"', "", next((line for line in text.split("\n", MOST_ABOVE) if _titles(line)), text[:1000]))
    delimiter = delimiter or max(DELIMITERS, key=first.count)
    csv.field_size_limit(MOST_BYTES)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        # What some write above their table, its name and their own, is none of its rows.
        titles = next((titles for line in islice(lines, MOST_ABOVE) if NAMES & set(titles := _named(line))), None)
        if titles is None:
            raise NotAFeed("This is no valid JSON, and no table with a column Name: not a feed.")
        for line in lines:
            if line:
                yield dict(zip(titles, map(_cell, line), strict=False))
    except csv.Error:
        raise NotAFeed(f"This is a table that cannot be read; look at line {lines.line_num}.") from None


def _titles(line: str) -> bool:
    """Whether the line is likely that of the titles, whatever stands between them."""
    return bool(NAMES & set(_named(re.split(r"[,;\t|]", line.replace('"', "")))))


def _named(line: list[str]) -> list[str]:
    return [field_name(title) for title in line]


def _cell(text: str) -> str:
    """The cell without the mark that keeps spreadsheets from taking it for a formula."""
    return text[1:] if FORMULA.match(text) else text


def field_name(title: str) -> str:
    """The name of a field, however it is written: `Conference URL` and `conferenceUrl` are `conference_url`."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title.strip()).lower()).strip("_")


def listed(document: Any) -> list[Any]:
    """The rows in a document. Raises `NotAFeed`."""
    found = _list_in(document, 3)
    if found is None:
        raise NotAFeed("This is no feed: expected a list of meetings.")
    if len(found) > MOST_ROWS:
        raise NotAFeed(f"The feed has {len(found)} rows; expected at most {MOST_ROWS}.")
    return found


def _list_in(document: Any, depth: int) -> list[Any] | None:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or depth == 0:
        return None
    for name in LISTS:
        if (found := _list_in(document.get(name), depth - 1)) is not None:
            return found
    values = list(document.values())
    if values and all(isinstance(it, dict) for it in values) and any(NAMES & it.keys() for it in values):
        return values  # by their ids
    return [document] if NAMES & document.keys() and document.keys() & {"slug", "day", "time", "id"} else None
