"""Who is here: the door, seats, coming and going, names and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from rooms import floor, safety
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
    stays: list[tuple[int, int]] = field(default_factory=list)
    service_spans: list[tuple[int, int]] = field(default_factory=list)


def closed(spans: list[tuple[int, int]], seq: int) -> list[tuple[int, int]]:
    """The spans, none of which lasts beyond event `seq`."""
    return [(first, last or seq) for first, last in spans]


def covers(spans: list[tuple[int, int]], seq: int) -> bool:
    """Whether event `seq` happened within one of the spans, their first and last event included."""
    return any(first <= seq and (not last or seq <= last) for first, last in spans)


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


class Reconnect(Request, frozen=True):
    """`who` was marked away, and is here all the same."""

    who: ParticipantId


class Withdraw(Request, frozen=True):
    """The line of somebody in the waiting room has ended."""

    who: ParticipantId


def decide_join(room: Room, ask: Join, now: int) -> list[Event]:
    if room.state == "ended":
        raise Refused("ended", "This meeting is over.")
    if ask.seat in room.blocked or (ask.device_id and ask.device_id in room.blocked_devices):
        raise Refused("blocked", "You cannot come back to this meeting.")
    if ask.seat is not None and (seated := room.participants.get(ask.seat)):
        return _take_the_seat_again(room, seated, ask)
    if ask.seat is not None and (gone := room.gone.get(ask.seat)):
        role = _role_by_key(room, ask.role) if ask.role and gone.role not in FACILITATORS else gone.role
        if role == "facilitator" and room.facilitator is not None:
            role = "cofacilitator"  # the role moved on in the meantime
        return _come_in(room, gone.id, gone.name, role, ask.device_id)
    name = clean_name(ask.name or "")
    if ask.role is not None:
        return _come_in(room, ask.who, name, _role_by_key(room, ask.role), ask.device_id)
    if (until := room.denied.get(_knocker(ask.device_id, name), 0)) > now:
        raise Refused("denied", "You were not let in this time. You may knock again soon.", (until - now) / 1000)
    if now < room.doors_at:
        return []
    if room.is_locked:
        raise Refused("locked", "The doors of this meeting are closed now.")
    _check_room_for_one_more(room)
    if not room.format.waiting_room:
        return _come_in(room, ask.who, name, "member", ask.device_id)
    if len(room.lobby) >= room.limits.lobby:
        raise Refused("full", "Too many people are waiting at the door.")
    return [Knocked(ask.who, name), *_noted(ask.who, ask.device_id)]


def _take_the_seat_again(room: Room, seated: Participant, ask: Join) -> list[Event]:
    events: list[Event] = [Returned(seated.id)] if seated.presence == "away" else []
    if ask.device_id != seated.device_id:
        events += _noted(seated.id, ask.device_id)
    if ask.role is not None and seated.role not in FACILITATORS:
        role = _role_by_key(room, ask.role)
        if role != seated.role:
            events += _role_changes(room, seated, role, "given")
    return events + floor.stand_in_the_circle(room, seated.id)


def _come_in(room: Room, who: ParticipantId, name: str, role: Role, device_id: str) -> list[Event]:
    events: list[Event] = [Joined(who, name, role, device=True)]
    return [*events, *_noted(who, device_id), *floor.stand_in_the_circle(room, who)]


def _noted(who: ParticipantId, device_id: str) -> list[Event]:
    return [Noted(who, device_id)] if device_id else []


def _role_by_key(room: Room, role: Role) -> Role:
    return "cofacilitator" if role == "facilitator" and room.facilitator is not None else role


def _knocker(device_id: str, name: str) -> str:
    return device_id or name.casefold()


def _check_room_for_one_more(room: Room) -> None:
    if len(room.participants) >= min(room.format.capacity, room.limits.participants):
        raise Refused("full", "This meeting is full.")


def decide_disconnect(room: Room, ask: Disconnect, now: int) -> list[Event]:
    participant = room.participants.get(ask.who)
    if participant is None or participant.presence == "away" or not participant.device:
        return []
    return [Away(ask.who)]


def decide_reconnect(room: Room, ask: Reconnect, now: int) -> list[Event]:
    if ask.who not in room.away:
        return []
    return [Returned(ask.who), *floor.stand_in_the_circle(room, ask.who)]


def decide_withdraw(room: Room, ask: Withdraw, now: int) -> list[Event]:
    return [Left(ask.who, "left")] if ask.who in room.lobby else []


def decide_rename(room: Room, command: Rename, by: ParticipantId, now: int) -> list[Event]:
    name = clean_name(command.name)
    return [] if room.find(by).name == name else [Renamed(by, name)]


def decide_leave(room: Room, command: Leave, by: ParticipantId, now: int) -> list[Event]:
    return [*floor.give_up(room, by, "left", now), Left(by, "left")]


def decide_admit(room: Room, command: Admit, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    knocks = _knocks(room, command.who)
    space = room.format.capacity - len(room.participants)
    if space < len(knocks):
        raise Refused("full", "The meeting is too full to let them in.")
    events = [event for knock in knocks for event in _come_in(room, knock.id, knock.name, "member", knock.device_id)]
    latecomers = (event for event in events if isinstance(event, floor.HandRaised))
    for place, raised in enumerate(latecomers, start=len(room.queue.hands)):
        raised.place = place
    return events


def decide_deny(room: Room, command: Deny, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    return [Denied(knock.id) for knock in _knocks(room, command.who)]


def _knocks(room: Room, who: str) -> list[Knock]:
    if who == "all":
        return list(room.lobby.values())
    knock = room.lobby.get(ParticipantId(who))
    if knock is None:
        raise Refused("no_such_participant", "Nobody of that id is waiting at the door.")
    return [knock]


def decide_add_person(room: Room, command: AddPerson, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS | TIMEKEEPERS)
    name = clean_name(command.name)
    _check_room_for_one_more(room)
    who = ParticipantId(f"{by}-{command.id}")
    return [Joined(who, name, "member", device=False), *floor.stand_in_the_circle(room, who)]


def decide_give_role(room: Room, command: GiveRole, by: ParticipantId, now: int) -> list[Event]:
    giver = room.require(by, FACILITATORS)
    taker = room.find(command.who)
    if command.role == "facilitator" or taker.role == "facilitator":
        raise Refused("not_allowed", "The facilitator's role is handed over by the facilitator.")
    if "cofacilitator" in {command.role, taker.role} and giver.role != "facilitator" and taker.id != by:
        raise Refused("not_allowed", "Only the facilitator makes or unmakes a cofacilitator.")
    if not taker.device:
        raise Refused("not_allowed", "A person without a device cannot take a role.")
    if taker.presence == "away" and command.role != "member":
        raise Refused("not_now", "This person is away just now.")
    return [] if taker.role == command.role else _role_changes(room, taker, command.role, "given")


def decide_hand_over(room: Room, command: HandOver, by: ParticipantId, now: int) -> list[Event]:
    giver, taker = room.require(by, {"facilitator"}), room.find(command.who)
    if taker is giver:
        return []
    if not taker.device:
        raise Refused("not_allowed", "A person without a device cannot facilitate.")
    if taker.presence == "away":
        raise Refused("not_now", "This person is away just now.")
    return [
        *_role_changes(room, giver, "cofacilitator", "handed_over"),
        *_role_changes(room, taker, "facilitator", "handed_over"),
    ]


def _role_changes(
    room: Room, who: Participant, role: Role, why: Literal["given", "handed_over", "succession"]
) -> list[Event]:
    events: list[Event] = [RoleChanged(who.id, role, why, room.name_for_the_discreet(who.id))]
    if who.muted and role in SERVICE:
        events.append(safety.Unmuted(who.id))
    return events


def alarms(room: Room) -> Iterator[Alarm]:
    """Who has been away or at the door for too long, and a chair that stands empty."""
    if room.away:
        who, since = next(iter(room.away.items()))  # everybody may be away for as long, so the first is due first
        yield (
            since + round(room.format.away_seconds * 1000),
            lambda now: [*floor.give_up(room, who, "left", now), Left(who, "gone")],
        )
    if room.lobby and room.blocked:
        devices = room.blocked_devices
        blocked = next((knock for knock in room.lobby.values() if knock.device_id in devices), None)
        if blocked is not None:  # who was in the room under another name when they knocked, and then was blocked
            yield blocked.at, lambda now: [Denied(blocked.id)]
    if room.lobby and room.format.admit_after_seconds is not None and not room.is_locked:
        knock = next(iter(room.lobby.values()))
        if len(room.participants) < room.format.capacity:
            yield (
                knock.at + round(room.format.admit_after_seconds * 1000),
                lambda now: _come_in(room, knock.id, knock.name, "member", knock.device_id),
            )
    if room.facilitator is None and (heir := _heir(room)):
        yield room.at, lambda now: _role_changes(room, heir, "facilitator", "succession")


def _heir(room: Room) -> Participant | None:
    team = (room.participants[who] for who in room.service)
    heirs = [p for p in team if p.role == "cofacilitator" and p.presence == "here"]
    return min(heirs, key=lambda p: p.since, default=None)


def on_knocked(room: Room, event: Knocked) -> None:
    room.lobby[event.who] = Knock(event.who, event.name, event.at)


def on_denied(room: Room, event: Denied) -> None:
    knock = room.lobby.pop(event.who, None)
    if knock is not None:
        room.denied = {key: until for key, until in room.denied.items() if until > event.at}
        room.denied[_knocker(knock.device_id, knock.name)] = event.at + DENIED_FOR


def on_joined(room: Room, event: Joined) -> None:
    room.lobby.pop(event.who, None)
    participant = room.gone.pop(event.who, None) or Participant(event.who, event.name)
    participant.name, participant.role, participant.presence = event.name, event.role, "here"
    participant.device, participant.since = event.device, event.at
    participant.stays = [*participant.stays, (event.seq, 0)]
    room.participants[event.who] = participant
    _serve(room, participant, event)


def on_noted(room: Room, event: Noted) -> None:
    if participant := room.participants.get(event.who):
        participant.device_id = event.device_id
    elif knock := room.lobby.get(event.who):
        knock.device_id = event.device_id


def on_away(room: Room, event: Away) -> None:
    if participant := room.participants.get(event.who):
        participant.presence = "away"
        room.away[event.who] = event.at
        room.notice_who_serves(event.at)


def on_returned(room: Room, event: Returned) -> None:
    if participant := room.participants.get(event.who):
        participant.presence = "here"
        room.away.pop(event.who, None)
        room.notice_who_serves(event.at)


def on_left(room: Room, event: Left) -> None:
    room.lobby.pop(event.who, None)
    gone = room.take_out(event.who, event.seq, event.at)
    if event.why == "left":
        safety.forget_requests(room, event.who, removed=False)
    if gone is not None and event.why == "gone":
        room.gone[event.who] = gone  # and a call for help still stands: it may be why the line is gone
        if len(room.gone) > room.limits.participants:
            del room.gone[next(iter(room.gone))]  # who has been gone for longest is a newcomer from now on


def on_renamed(room: Room, event: Renamed) -> None:
    if participant := room.participants.get(event.who):
        participant.name = event.name


def on_role_changed(room: Room, event: RoleChanged) -> None:
    if event.name is not None:
        room.make_known(event.who, event.name)
    if participant := room.participants.get(event.who):
        participant.role = event.role
        _serve(room, participant, event)


def _serve(room: Room, participant: Participant, event: Joined | RoleChanged) -> None:
    serves = participant.role in SERVICE
    if serves and participant.id not in room.service:
        room.service[participant.id] = True
        participant.service_spans = [*participant.service_spans, (event.seq, 0)]
    elif not serves and participant.id in room.service:
        del room.service[participant.id]
        participant.service_spans = closed(participant.service_spans, event.seq)
    room.notice_who_serves(event.at)
