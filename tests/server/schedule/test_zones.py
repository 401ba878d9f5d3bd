"""Time zones by the names that people and feeds give them."""

from zoneinfo import ZoneInfo, available_timezones

import pytest

from server.schedule.zones import zone_name, zone_place


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" pacific/honolulu ", "Pacific/Honolulu"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Eastern", "America/New_York"),
        ("America/Montreal", "America/Toronto"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Europe/Amsterdam", "Europe/Amsterdam"),  # a link, but a place of its own
        ("EST5EDT", "America/New_York"),
        ("gmt", "UTC"),
        ("Etc/Greenwich", "UTC"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_has_the_name_that_it_has_today(given: str, name: str) -> None:
    assert zone_name(given) == name


@pytest.mark.parametrize(
    "given", ["", "8 pm EST", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "\0", "Factory"]
)
def test_what_is_no_zone_is_none(given: str) -> None:
    assert zone_name(given) is None


def test_every_zone_is_known_and_keeps_its_clocks_under_todays_name() -> None:
    for zone in available_timezones() - {"Factory", "localtime", "posixrules"}:
        name = zone_name(zone)
        assert name is not None, zone
        assert zone_name(name) == name
        assert ZoneInfo(name)


def test_a_zone_is_somewhere() -> None:
    assert zone_place("America/Argentina/Buenos_Aires") == "Buenos Aires, Argentina"
    assert zone_place("UTC") == "UTC"
