"""Who is here: the door, seats, coming and going, names and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from rooms.vocabulary import (
    FACILITATORS,
    GREETERS,
    SERVICE,
    TIMEKEEPERS,
    Command,
    Event,
    Name,
    ParticipantId,
    Presence,
    Refused,
    Request,
    Role,
    Who,
    clean_name,
)

if TYPE_CHECKING:
    from rooms.room import Alarm, Room

DENIED_FOR = 30_000  # ms until somebody who was turned away may knock again


class Participant(Struct, omit_defaults=True):
    """One person in a room. `stays` and `service_spans` are pairs of sequence numbers, the second 0 while it lasts."""

    id: ParticipantId
    name: str
    role: Role = "member"
    presence: Presence = "here"
    device: bool = True  # False: on the phone or in the hall, and the service team speaks for them
    since: int = 0  # ms; how long they have been here decides who follows the facilitator
    shares: int = 0
    muted: bool = False
    said_at: int = 0  # ms; for slow mode
    unanswered: int = 0  # calls in a row that were not answered
    device_id: str = ""  # so that a block holds for the device too
    was_facilitator: bool = False
    stays: list[tuple[int, int]] = field(default_factory=list)
    service_spans: list[tuple[int, int]] = field(default_factory=list)


class Knock(Struct, omit_defaults=True):
    """Somebody in the waiting room."""

    id: ParticipantId
    name: str
    at: int
    device_id: str = ""


class Denied(Event):
    who: ParticipantId


class Knocked(Event):
    who: ParticipantId
    name: str


class Joined(Event):
    who: ParticipantId
    name: str
    role: Role
    device: bool


class Noted(Event):
    """By which device somebody came. Seen by nobody; it is there so that a block can hold for the device."""

    who: ParticipantId
    device_id: str


class Away(Event):
    who: ParticipantId


class Returned(Event):
    who: ParticipantId


class Left(Event):
    """`gone`: away for too long; the seat still comes back. Of somebody in the waiting room: they wait no longer."""

    who: ParticipantId
    why: Literal["left", "gone"]


class Renamed(Event):
    who: ParticipantId
    name: str


class RoleChanged(Event):
    who: ParticipantId
    role: Role
    why: Literal["given", "handed_over", "succession"]
    name: str | None = None  # where not everybody may see the roster


class Rename(Command, frozen=True):
    name: Name


class Leave(Command, frozen=True):
    pass


class Admit(Command, frozen=True):
    who: Who


class Deny(Command, frozen=True):
    who: Who


class AddPerson(Command, frozen=True):
    name: Name


class GiveRole(Command, frozen=True, tag="role"):
    who: Who
    role: Role


class HandOver(Command, frozen=True):
    who: Who


class Join(Request, frozen=True):
    """Somebody is at the door. `who` is a fresh id; `seat` the participant that the seat they showed belongs to.

    Nothing happens while the doors are closed; with a waiting room a newcomer has `knocked` and not yet `joined`.
    """

    who: ParticipantId
    seat: ParticipantId | None = None
    name: str | None = None
    role: Role | None = None  # from a role key
    device_id: str = ""


class Disconnect(Request, frozen=True):
    """The line of `who` has been down for longer than a blink."""

    who: ParticipantId


class Withdraw(Request, frozen=True):
    """The line of somebody in the waiting room has ended."""

    who: ParticipantId
