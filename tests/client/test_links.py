"""Links to rooms: what the server prints, and what people make of it."""

import pytest

from client.links import place_of


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("http://127.0.0.1:8000/r/circle", "ws://127.0.0.1:8000/rooms/circle/socket"),
        ("https://rooms.example.org/r/circle/", "wss://rooms.example.org/rooms/circle/socket"),
        (" HTTPS://rooms.example.org/groups/r/circle ", "wss://rooms.example.org/groups/rooms/circle/socket"),
        ("https://example.org/r/circle.20260101T1900Z", "wss://example.org/rooms/circle.20260101T1900Z/socket"),
        ("ws://localhost:1/rooms/circle/socket", "ws://localhost:1/rooms/circle/socket"),
        ("http://[::1]:8000/r/circle", "ws://[::1]:8000/rooms/circle/socket"),
    ],
)
def test_a_link_leads_to_its_rooms_socket(link: str, address: str) -> None:
    assert place_of(link).url == address


def test_a_links_secrets_are_in_its_fragment() -> None:
    assert place_of("https://example.org/r/circle#key=a-b_c").key == "a-b_c"
    assert place_of("https://example.org/r/circle#passcode=two%20words+one").passcode == "two words+one"
    assert place_of("https://example.org/r/circle").key is None


def test_a_place_is_shown_without_its_secrets() -> None:
    place = place_of("https://example.org/r/circle#key=hushhush&passcode=hushhush")
    assert "hush" not in f"{place} {place!r} {[place]}"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "circle",
        "example.org/r/circle",
        "ftp://example.org/r/circle",
        "https://example.org",
        "https://example.org/m/circle#key=hushhush",
        "https://example.org/r/#key=hushhush",
        "https://hushhush@example.org/r/circle",
        "https://[::1/r/circle#key=hushhush",
        "https://example.org:port/r/circle#key=hushhush",
    ],
)
def test_what_is_no_link_is_refused_and_not_repeated(link: str) -> None:
    with pytest.raises(ValueError, match="Expected a room's link") as refusal:
        place_of(link)
    assert "hush" not in str(refusal.value)
