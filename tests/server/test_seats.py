"""Seats: what is signed, what is hashed, and where the secret lies."""

import stat
from pathlib import Path

import pytest

from rooms.vocabulary import ParticipantId, RoomId
from server.seats import Seats, device_id, new_participant, signing_secret

ROOM, OTHER = RoomId("circle.20260101T1900Z"), RoomId("circle.20260108T1900Z")
ALICE = ParticipantId("alice")


def test_a_seat_says_whose_it_is_in_its_room_only() -> None:
    seats = Seats("a secret of many characters")
    seat = seats.seat(ROOM, ALICE)
    assert seats.holder(ROOM, seat) == ALICE
    assert seats.holder(OTHER, seat) is None


def test_a_seat_of_another_installation_or_a_forged_one_is_none() -> None:
    seat = Seats("a secret of many characters").seat(ROOM, ALICE)
    seats = Seats("another secret")
    for forged in (seat, "", ".", "/", "x", f"{ROOM}/bob.{seat.rpartition('.')[2]}", "\ud800", "é.é"):
        assert seats.holder(ROOM, forged) is None


def test_a_seat_outlives_a_restart(tmp_path: Path) -> None:
    seat = Seats(signing_secret(tmp_path)).seat(ROOM, ALICE)
    assert Seats(signing_secret(tmp_path)).holder(ROOM, seat) == ALICE


def test_the_secret_is_made_at_the_first_start_and_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there yet"
    secret = signing_secret(folder)
    assert len(secret) >= 32
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert signing_secret(tmp_path / "elsewhere") != secret


def test_a_secret_file_that_is_empty_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    signing_secret(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_text("\n")
    with pytest.raises(OSError, match="empty"):
        signing_secret(tmp_path)


def test_a_device_is_known_again_in_its_room_and_nowhere_else() -> None:
    here = device_id(ROOM, "a phone")
    assert here == device_id(ROOM, "a phone")
    assert here != device_id(OTHER, "a phone")
    assert here != device_id(ROOM, "another phone")
    assert "phone" not in here
    assert device_id(ROOM, None) == device_id(ROOM, "") == ""


def test_participants_cannot_be_guessed() -> None:
    assert len({new_participant() for _ in range(1000)}) == 1000
    assert min(len(new_participant()) for _ in range(100)) >= 8
