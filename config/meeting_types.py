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
def _names() -> dict[str, dict[str, str]]:
    file = resources.files(__package__) / "meeting_types.toml"
    return msgspec.toml.decode(file.read_bytes(), type=dict[str, dict[str, str]])
