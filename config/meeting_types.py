"""What the type codes of meetings mean, in plain words."""

from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

# Said elsewhere on the page, or of a building in which we do not meet.
NOT_SHOWN = {"ONL", "HY", "TC", "X", "XB", "DB"}


def type_names(codes: Iterable[str], program: str) -> list[str]:
    """The names of these types in the program's own meaning; an unknown code stands for itself."""
    names = _names()
    meant = names["all"] | names.get(program.lower(), {})
    return [meant.get(code, code) for code in codes if code not in NOT_SHOWN]


@cache
def codes_by_name(program: str) -> dict[str, str]:
    """The codes of a program's types by their names in lower case, as tables tell them."""
    told = _tables("type_names_elsewhere.toml")
    tables = (told["all"], _names()["all"], told.get(program.lower(), {}), _names().get(program.lower(), {}))
    return {name.lower(): code for table in tables for code, name in table.items()}


def language_of(codes: Iterable[str], program: str) -> str:
    """The language that one of the types is, as `es`; nothing where there is none."""
    meant = _tables("type_names_elsewhere.toml")["languages"]
    others = _names().get(program.lower(), {})
    return next((meant[code] for code in codes if code in meant and code not in others), "")


@cache
def _names() -> dict[str, dict[str, str]]:
    return _tables("meeting_types.toml")


@cache
def _tables(name: str) -> dict[str, dict[str, str]]:
    return msgspec.toml.decode((resources.files(__package__) / name).read_bytes(), type=dict[str, dict[str, str]])
