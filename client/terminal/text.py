"""Text for a terminal: nothing in it that a terminal would obey, and lengths and times in words."""

import re
import unicodedata
from datetime import datetime
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # needed to write Persian, Hindi and many emoji
_MOST_MARKS: Final = 4  # of one character; more are a way to write over the lines of others
_LINE_ENDS: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
HALF_A_DAY: Final = 12 * 3_600_000  # ms
_LENGTH: Final = re.compile(r"([+-]?)(?:(\d{1,5}):([0-5]\d)|(\d{1,5}(?:\.\d{1,3})?) ?(m|min|minutes?|s|sec|seconds?)?)")


def harmless(text: str) -> str:
    """One line of text without control characters, escape sequences and bidi overrides.

    Whatever others have written passes through here before it is printed, so that nobody writes into somebody's
    terminal, moves its cursor, or turns a line around.
    """
    kept, marks = list[str](), 0
    for c in text:
        category = unicodedata.category(c)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if c == "\t" or _LINE_ENDS.fullmatch(c):
            kept.append(" ")
        elif (category not in _UNSEEN or c in _JOINERS) and marks <= _MOST_MARKS:
            kept.append(c)
    return "".join(kept)


def width(text: str) -> int:
    """About how many columns it takes up."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def lines_of(head: str, text: str) -> list[str]:
    """What somebody wrote, below a head; further lines stand back, so that none of them passes for ours."""
    first, *others = _LINE_ENDS.split(text.strip())
    return [f"{head}{first}", *(f"    {line}" for line in others if line.strip())]


def in_words(seconds: float) -> str:
    """`90` as "1 minute 30 seconds"; whole seconds, and of long times whole minutes."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours or minutes >= 10:
        hours, minutes = divmod(round(whole / 60), 60)
        rest = 0
    parts = [_count(hours, "hour"), _count(minutes, "minute"), _count(rest, "second")]
    return " ".join(part for part in parts if part) or "no time"


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}{'s' * (n != 1)}" if n else ""


def seconds_in(length: str) -> float | None:
    """A length as people type it, in seconds: `2` and `1.5` are minutes, besides `2:30`, `90s`, `-1`; else None."""
    found = _LENGTH.fullmatch(length.strip().casefold())
    if found is None:
        return None
    sign, minutes, seconds, number, unit = found.groups()
    if minutes is not None:
        length_ = int(minutes) * 60.0 + int(seconds)
    else:
        length_ = float(number) * (1 if unit and unit[0] == "s" else 60)
    return -length_ if sign == "-" else length_


def clock_time(at: int, now: int) -> str:
    """The local time of `at` (ms), with the day where it is more than half a day away."""
    local = datetime.fromtimestamp(at / 1000).astimezone()
    return local.strftime("%H:%M" if abs(at - now) < HALF_A_DAY else "%A %d %B, %H:%M")
