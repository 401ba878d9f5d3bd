"""The shipped meeting formats: one TOML file each, in our own words, with places for a group's readings."""

from functools import cache
from importlib import resources

import msgspec

from rooms.formats import Format

DEFAULT = "discussion"


@cache
def shipped() -> dict[str, Format]:
    """All shipped formats by name."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml"))
    return {file.name.removesuffix(".toml"): msgspec.toml.decode(file.read_bytes(), type=Format) for file in files}
