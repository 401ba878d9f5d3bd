"""Help lines by country: the shipped list, or the operator's own file of the same form (`config/help.toml`)."""

from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Number = Annotated[str, Meta(pattern=r"^[0-9+*#() /-]{2,40}$")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class HelpLine(Struct, frozen=True, omit_defaults=True):
    """Somebody to talk to. `checked`: the day on which whoever hosts the site has called."""

    name: Name
    number: Number
    checked: date | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class Country(Struct, frozen=True, omit_defaults=True):
    """`code` is that of ISO 3166-1, two letters; `checked` is for its emergency numbers."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    emergency: Annotated[tuple[Number, ...], Meta(min_length=1)]
    line: tuple[HelpLine, ...] = ()
    checked: date | None = None


class HelpLines(Struct, frozen=True):
    """All that a site knows. `written` is the day of the list, for what nobody has checked since."""

    written: date
    country: Annotated[tuple[Country, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        codes = [it.code for it in self.country]
        if len(set(codes)) != len(codes):
            raise ValueError("A country is there twice")


def help_lines(path: str = "") -> HelpLines:
    """The lines of the file at `path`, or the shipped ones. Raises `OSError` and `msgspec.DecodeError`."""
    file = Path(path) if path else resources.files("config") / "help.toml"
    return msgspec.toml.decode(file.read_bytes(), type=HelpLines)
