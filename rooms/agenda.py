"""The agenda: opening the room, the phases, the end, and rooms that run themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from rooms import chat, floor
from rooms.formats import Format
from rooms.vocabulary import (
    FACILITATORS,
    Command,
    Event,
    ParticipantId,
    Refused,
    Request,
    RoomId,
    Who,
    milliseconds,
)

if TYPE_CHECKING:
    from rooms.room import Alarm, Room

MOST_MINUTES = 24 * 60  # added to a phase at once

PhaseIndex = Annotated[int, Meta(ge=0, le=1000)]


class Limits(Struct, frozen=True, omit_defaults=True):
    """What keeps a room's memory bounded, whatever people send. Counts of things kept."""

    participants: int = 5000  # in the room; and as many who are gone with a seat that may come back
    lobby: int = 200
    hands: int = 500
    messages: int = 1000
    pins: int = 20
    paragraphs: int = 200  # of one share
    celebrations: int = 100
    requests: int = 100  # for help, and reports, not seen to yet


class Opened(Event):
    """The log's first event: all that the room needs to know of its meeting. Seen by nobody."""

    id: RoomId
    slug: str
    name: str
    timezone: str
    format: Format
    doors_at: int
    starts_at: int
    ends_at: int
    waits_for_start: bool = False
    limits: Limits = Limits()


class Started(Event):
    ends_at: int


class Fellowship(Event):
    ends_at: int


class Ended(Event):
    pass


class PhaseBegan(Event):
    phase: int
    ends_at: int | None = None


class PhaseDue(Event):
    phase: int


class PhaseExtended(Event):
    phase: int
    ends_at: int


class Assigned(Event):
    phase: int
    who: ParticipantId
    name: str | None = None  # where not everybody may see the roster


class Open(Request, frozen=True):
    """The room of one occurrence opens. `waits_for_start`: a `now` meeting, whose time runs from its start."""

    id: RoomId
    slug: str
    name: str
    timezone: str
    format: Format
    starts_at: int
    ends_at: int
    waits_for_start: bool = False
    limits: Limits = Limits()


class Start(Command, frozen=True):
    pass


class NextPhase(Command, frozen=True):
    from_: PhaseIndex | UnsetType | None = field(default=UNSET, name="from")


class GoTo(Command, frozen=True):
    phase: PhaseIndex
    from_: PhaseIndex | UnsetType | None = field(default=UNSET, name="from")


class AddMinutes(Command, frozen=True):
    minutes: float


class End(Command, frozen=True):
    from_: Literal["doors", "running", "fellowship"] | UnsetType = field(default=UNSET, name="from")


class Close(Request, frozen=True):
    """The meeting was deleted: its room ends at once."""


class Assign(Command, frozen=True):
    phase: PhaseIndex
    who: Who


def decide_open(room: Room, ask: Open, now: int) -> list[Event]:
    return [
        Opened(
            ask.id,
            ask.slug,
            ask.name,
            ask.timezone,
            ask.format,
            doors_at=ask.starts_at if ask.waits_for_start else ask.starts_at - ask.format.doors,
            starts_at=ask.starts_at,
            ends_at=ask.ends_at,
            waits_for_start=ask.waits_for_start,
            limits=ask.limits,
        )
    ]


def decide_start(room: Room, command: Start, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    if room.state != "doors":
        raise Refused("not_now", "The meeting has started already.")
    return _start(room, now)


def _start(room: Room, now: int) -> list[Event]:
    ends_at = now + (room.ends_at - room.starts_at) if room.waits_for_start else room.ends_at
    return [Started(ends_at), *_enter(room, 0, now)]


def decide_next_phase(room: Room, command: NextPhase, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    return _next_phase(room, _phase_on(room, command.from_), now)


def _next_phase(room: Room, phase: int, now: int) -> list[Event]:
    return _go_to(room, phase + 1, now) if phase + 1 < len(room.format.phase) else _close(room, now)


def decide_go_to(room: Room, command: GoTo, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    _phase_on(room, command.from_)
    if command.phase >= len(room.format.phase):
        raise Refused("no_such_phase", "The agenda has no such phase.")
    return _go_to(room, command.phase, now)


def _phase_on(room: Room, believed: int | UnsetType | None) -> int:
    if believed is not UNSET and believed != room.phase:
        raise Refused("not_now", "The agenda has moved on in the meantime.")
    if room.phase is None:
        raise Refused("not_now", "The agenda is not running.")
    return room.phase


def _go_to(room: Room, index: int, now: int) -> list[Event]:
    return [*floor.leave_phase(room, room.format.phase[index], now), *_enter(room, index, now)]


def _enter(room: Room, index: int, now: int) -> list[Event]:
    phase = room.format.phase[index]
    ends_at = None if phase.length is None else now + phase.length
    return [PhaseBegan(index, ends_at), *floor.enter_phase(room, phase), *chat.enter_phase(room, phase)]


def decide_add_minutes(room: Room, command: AddMinutes, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    if room.phase is None:
        raise Refused("not_now", "The agenda is not running.")
    change = milliseconds(command.minutes * 60, -MOST_MINUTES * 60, MOST_MINUTES * 60)
    ends_at = max(now, room.phase_ends_at or now)  # of a phase that is due already, now
    return [PhaseExtended(room.phase, max(now, ends_at + change))]


def decide_end(room: Room, command: End, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    if command.from_ is not UNSET and command.from_ != room.state:
        raise Refused("not_now", "The agenda has moved on in the meantime.")
    return [Ended()] if room.state == "fellowship" else _close(room, now)


def decide_close(room: Room, ask: Close, now: int) -> list[Event]:
    return [] if room.state == "ended" else [Ended()]


def _close(room: Room, now: int) -> list[Event]:
    """The meeting is over: fellowship if the format has it, else the end."""
    events = floor.leave_phase(room, None, now)
    if room.format.fellowship == 0 or room.state == "doors":
        return [*events, Ended()]
    return [*events, Fellowship(now + room.format.fellowship), *floor.close_queue(room), *chat.leave_agenda(room)]


def decide_assign(room: Room, command: Assign, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    who = room.find(command.who).id
    if command.phase >= len(room.format.phase):
        raise Refused("no_such_phase", "The agenda has no such phase.")
    if room.assigned.get(command.phase) == who:
        return []
    return [Assigned(command.phase, who, room.name_for_the_discreet(who))]


def alarms(room: Room) -> Iterator[Alarm]:
    """The start, the phases' ends and the room's end, where nobody else sees to them.

    A room with the service team present is never cut: its phases go on past their end until somebody moves on, unless
    they advance by themselves; and nobody is cut off in a share that has an end of its own.
    """
    alone_from = room.runs_itself_from
    cut_at = room.ends_at + room.format.overrun
    if room.state == "doors":
        yield cut_at, lambda now: _close(room, now)
        if alone_from is not None and (room.format.runs_itself or not room.waits_for_start):
            yield max(room.starts_at, alone_from), lambda now: _start(room, now)
    elif room.state == "running":
        if alone_from is not None:
            cut_at = min(cut_at, max(room.ends_at, alone_from, floor.free_from(room)))
        yield cut_at, lambda now: _close(room, now)  # before a phase that would begin at this moment
        yield from _phase_alarms(room, alone_from)
    elif room.state == "fellowship":
        yield room.ends_at, lambda now: [Ended()]


def _phase_alarms(room: Room, alone_from: int | None) -> Iterator[Alarm]:
    phase, ends_at = room.current_phase, room.phase_ends_at
    if phase is None or room.phase is None or ends_at is None:
        return
    index, moves_from = room.phase, 0 if phase.advance == "auto" else alone_from
    moves_at = None if moves_from is None else max(ends_at, moves_from, floor.free_from(room))
    if moves_at is not None and (moves_at >= floor.NEVER or room.waits_at(moves_at)):
        moves_at = None
    if moves_at != ends_at and not room.phase_is_due:
        yield ends_at, lambda now: [PhaseDue(index)]
    if moves_at is not None:
        yield moves_at, lambda now: _next_phase(room, index, now)


def on_opened(room: Room, event: Opened) -> None:
    room.id, room.slug, room.name, room.timezone = event.id, event.slug, event.name, event.timezone
    room.format, room.limits = event.format, event.limits
    room.doors_at, room.starts_at, room.ends_at = event.doors_at, event.starts_at, event.ends_at
    room.waits_for_start = event.waits_for_start
    room.chat_mode = event.format.chat
    room.alone_since = event.at


def on_started(room: Room, event: Started) -> None:
    room.state, room.ends_at = "running", event.ends_at
    room.doors_at = min(room.doors_at, event.at)  # nobody waits at the door of a meeting that was started early


def on_fellowship(room: Room, event: Fellowship) -> None:
    room.state, room.ends_at = "fellowship", event.ends_at
    room.phase = room.phase_ends_at = None


def on_ended(room: Room, event: Ended) -> None:
    room.state = "ended"
    room.phase = room.phase_ends_at = None


def on_phase_began(room: Room, event: PhaseBegan) -> None:
    room.phase, room.phase_ends_at, room.phase_is_due = event.phase, event.ends_at, False
    room.speaker_was_called = False
    floor.begin_phase(room)


def on_phase_due(room: Room, event: PhaseDue) -> None:
    room.phase_is_due = True


def on_phase_extended(room: Room, event: PhaseExtended) -> None:
    room.phase_ends_at, room.phase_is_due = event.ends_at, False


def on_assigned(room: Room, event: Assigned) -> None:
    if event.name is not None:
        room.make_known(event.who, event.name)
    room.assigned[event.phase] = event.who
