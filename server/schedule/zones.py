"""Time zones by their names: in any case, by old names too."""

from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

UNIVERSAL = ("Etc/UTC", "Etc/GMT")
# Names of rules rather than of places, which the tz database still keeps: for people they are these.
RULES = {"EST5EDT": "New_York", "CST6CDT": "Chicago", "MST7MDT": "Denver", "PST8PDT": "Los_Angeles"}


@lru_cache(maxsize=4096)
def zone_name(text: str) -> str | None:
    """The zone's name as the tz database has it today; None for what is no zone."""
    name = _names().get(text.strip().lower())
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return None
    return name


@lru_cache(maxsize=4096)
def zone_place(zone: str) -> str:
    """Where a zone is, as finders want it: `Berlin, Germany`; the zone's own name where it is nowhere."""
    country = _countries().get(zone)
    city = zone.rpartition("/")[2].replace("_", " ")
    return f"{city}, {country}" if country else city


@cache
def _names() -> dict[str, str]:
    """Every known zone's name today, by its name in lower case."""
    current = _countries()
    names = {name.lower(): name for name in available_timezones() if name not in {"Factory", "localtime", "posixrules"}}
    links = dict(line.split()[:0:-1] for line in _table("tzdata.zi") if line.startswith("L "))
    for old in links.keys() - current.keys():
        name = links[old]
        while name not in current and name in links:
            name = links[name]
        names[old.lower()] = "UTC" if name in UNIVERSAL else name
    names |= {rule.lower(): f"America/{place}" for rule, place in RULES.items()}
    return names | {name.lower(): "UTC" for name in ("UTC", "Z", *UNIVERSAL)}


@cache
def _countries() -> dict[str, str]:
    """The zones that stand for a place of their own today, and their countries' names."""
    countries = dict(line.split("\t")[:2] for line in _table("iso3166.tab"))
    rows = (line.split("\t") for line in _table("zone.tab"))
    return {row[2]: countries[row[0]] for row in rows}


def _table(name: str) -> list[str]:
    text = (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def places() -> dict[str, list[tuple[str, str]]]:
    """The zones to choose from, by region: `{"Europe": [("Europe/Berlin", "Berlin"), …], …}`; UTC is among them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(_countries()):
        region, _, place = zone.partition("/")
        found.setdefault(region, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    return found | {"UTC": [("UTC", "UTC")]}
