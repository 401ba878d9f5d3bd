"""What the simulated people say: words.toml."""

from importlib import resources
from typing import Final

import msgspec
from msgspec import Struct

Lines = tuple[str, ...]


class OfFacilitator(Struct, frozen=True):
    welcome: Lines
    reading: Lines
    round: Lines
    thanks: Lines
    open_floor: Lines
    closing: Lines
    hands_over: Lines
    takes_over: Lines


class OfTrolls(Struct, frozen=True):
    names: Lines
    shouts: Lines


class Words(Struct, frozen=True):
    """`{name}` in a line stands for somebody's name. A share is a list of paragraphs."""

    names: Lines
    facilitators: Lines
    hellos: Lines
    welcomes: Lines
    thanks: Lines
    chat: Lines
    goodbyes: Lines
    topics: Lines
    openings: Lines
    closings: Lines
    passes: Lines
    shares: tuple[Lines, ...]
    helps: Lines
    facilitator: OfFacilitator
    trolls: OfTrolls


WORDS: Final = msgspec.toml.decode(
    resources.files(__package__).joinpath("words.toml").read_bytes(), type=Words, strict=True
)
