"""What keeps people safe: mute, remove and block, lock, quiet, calls for help and reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from rooms import floor
from rooms.chat import message_for
from rooms.vocabulary import (
    FACILITATORS,
    GREETERS,
    SERVICE,
    ChatMode,
    Command,
    Event,
    MessageId,
    MessageText,
    ParticipantId,
    Refused,
    RequestId,
    Who,
)

if TYPE_CHECKING:
    from rooms.room import Alarm, Room


REQUESTS_EACH: Final = (
    3  # of a kind, open at once; of somebody who asks for more the oldest is forgotten, and never another's
)


class Blocked(Struct, omit_defaults=True):
    id: ParticipantId
    name: str
    device_id: str = ""


class Quiet(Struct):
    """While it lasts nothing of what was before is changed; it is only overridden."""

    by_itself: bool  # because the service team was missing; it ends when one of them is back
    stopped_the_clock: bool = False


class HelpRequest(Struct, omit_defaults=True):
    """A call for help or a report that nobody has seen to yet."""

    id: RequestId
    kind: Literal["help", "report"]
    by: ParticipantId
    name: str  # of who asked, whose line may be gone
    at: int
    text: str | None = None
    who: ParticipantId | None = None
    message: MessageId | None = None


class Muted(Event):
    who: ParticipantId


class Unmuted(Event):
    who: ParticipantId


class Removed(Event):
    who: ParticipantId
    block: bool


class Unblocked(Event):
    who: ParticipantId


class Locked(Event):
    pass


class Unlocked(Event):
    pass


class Quieted(Event):
    left: int | None = None  # ms, of the share whose clock it stopped


class Unquieted(Event):
    """Everything is as it was before; `ends_at` or `answer_by` of a share whose clock runs again."""

    locked: bool
    queue_open: bool
    mode: ChatMode
    every: float | None = None
    ends_at: int | None = None
    answer_by: int | None = None


class HelpAsked(Event):
    moves: ClassVar[bool] = False

    text: str | None = None
    request: RequestId = RequestId("")


class Reported(Event):
    moves: ClassVar[bool] = False

    who: ParticipantId | None = None
    message: MessageId | None = None
    text: str | None = None
    request: RequestId = RequestId("")


class SeenTo(Event):
    requests: list[RequestId]


class Mute(Command, frozen=True):
    who: Who


class Unmute(Command, frozen=True):
    who: Who


class Remove(Command, frozen=True):
    who: Who
    block: bool = True


class Unblock(Command, frozen=True):
    who: Who


class Lock(Command, frozen=True):
    pass


class Unlock(Command, frozen=True):
    pass


class QuietRoom(Command, frozen=True, tag="quiet"):
    pass


class Unquiet(Command, frozen=True):
    pass


class AskForHelp(Command, frozen=True):
    text: MessageText | None = None


class Report(Command, frozen=True):
    who: Who | None = None
    message: Who | None = None
    text: MessageText | None = None


class SeeTo(Command, frozen=True):
    """The service team has seen to these calls and reports; or who asked needs nobody any more."""

    requests: Annotated[Sequence[Who], Meta(min_length=1, max_length=100)]


def decide_mute(room: Room, command: Mute, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    who = room.act_on(by, command.who)
    return [] if who.muted else [Muted(who.id), *floor.give_up(room, who.id, "muted", now)]


def decide_unmute(room: Room, command: Unmute, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    who = room.act_on(by, command.who)
    return [Unmuted(who.id)] if who.muted else []


def decide_remove(room: Room, command: Remove, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    if gone := room.gone.get(ParticipantId(command.who)):  # whose line broke just before somebody found the button
        room.check_rank(by, gone)
        return [Removed(ParticipantId(command.who), command.block)]
    who = room.act_on(by, command.who).id
    if who == by:
        raise Refused("not_allowed", "To go yourself, leave.")
    return [*floor.give_up(room, who, "left", now), Removed(who, command.block)]


def decide_unblock(room: Room, command: Unblock, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, FACILITATORS)
    if command.who not in room.blocked:
        raise Refused("no_such_participant", "Nobody of that id is blocked.")
    return [Unblocked(ParticipantId(command.who))]


def decide_lock(room: Room, command: Lock, by: ParticipantId, now: int) -> list[Event]:
    _check_not_quiet(room, by)
    return [] if room.locked else [Locked()]


def decide_unlock(room: Room, command: Unlock, by: ParticipantId, now: int) -> list[Event]:
    _check_not_quiet(room, by)
    return [Unlocked()] if room.locked else []


def _check_not_quiet(room: Room, by: ParticipantId) -> None:
    room.require(by, SERVICE)
    if room.is_quiet:
        raise Refused("not_now", "The room is quiet, and locked with it; end the quiet first.")


def decide_quiet_room(room: Room, command: QuietRoom, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, SERVICE)
    return [] if room.is_quiet else [_quieted(room, now)]


def decide_unquiet(room: Room, command: Unquiet, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, SERVICE)
    return [_unquieted(room, now)] if room.is_quiet else []


def _quieted(room: Room, now: int) -> Quieted:
    share = room.floor
    return Quieted(share.ends_at - now if share is not None and share.ends_at is not None else None)


def _unquieted(room: Room, now: int) -> Unquieted:
    event = Unquieted(
        room.locked, room.queue.is_open, room.chat_mode, room.chat_every if room.chat_mode == "slow" else None
    )
    if room.floor is not None and room.quiet is not None:
        if room.quiet.stopped_the_clock and room.floor.left is not None:
            event.ends_at = now + room.floor.left
        if room.floor.answer_by is not None:
            event.answer_by = now + round(room.format.answer_seconds * 1000)
    return event


def decide_ask_for_help(room: Room, command: AskForHelp, by: ParticipantId, now: int) -> list[Event]:
    return [HelpAsked(command.text, RequestId(f"{by}-{command.id}"))]


def decide_report(room: Room, command: Report, by: ParticipantId, now: int) -> list[Event]:
    if command.who is None and command.message is None:
        raise Refused("bad_message", "Say whom or which message you mean.")
    who = None
    if command.who is not None:
        who = ParticipantId(command.who)
        if who not in room.participants and who not in room.gone:
            raise Refused("no_such_participant", "Nobody of that id is in this room.")
    message = None if command.message is None else message_for(room, command.message, room.find(by)).id
    return [Reported(who, message, command.text, RequestId(f"{by}-{command.id}"))]


def decide_see_to(room: Room, command: SeeTo, by: ParticipantId, now: int) -> list[Event]:
    """What was seen to already, or is none of theirs, is passed over: a refusal would tell that somebody asked."""
    serves = room.find(by).role in SERVICE
    open_ = [it.id for it in room.requests.values() if it.id in command.requests and (serves or it.by == by)]
    return [SeenTo(open_)] if open_ else []


def alarms(room: Room) -> Iterator[Alarm]:
    """Quiet that comes and goes by itself, where the format wants it.

    Not before the meeting's time: a quiet room is locked, and those who come early would find no way in.
    """
    if room.quiet is None:
        if room.format.unattended == "quiet" and room.unattended_from is not None:
            yield max(room.unattended_from, room.starts_at), lambda now: [_quieted(room, now)]
    elif room.quiet.by_itself and room.alone_since is None:
        yield room.at, lambda now: [_unquieted(room, now)]


def on_muted(room: Room, event: Muted) -> None:
    if participant := room.participants.get(event.who):
        participant.muted = True


def on_unmuted(room: Room, event: Unmuted) -> None:
    if participant := room.participants.get(event.who):
        participant.muted = False


def on_removed(room: Room, event: Removed) -> None:
    forget_requests(room, event.who, removed=True)
    participant = room.take_out(event.who, event.seq, event.at) or room.gone.pop(event.who, None)
    if event.block and participant is not None:
        room.blocked[event.who] = Blocked(event.who, participant.name, participant.device_id)


def on_unblocked(room: Room, event: Unblocked) -> None:
    room.blocked.pop(event.who, None)


def on_locked(room: Room, event: Locked) -> None:
    room.locked = True


def on_unlocked(room: Room, event: Unlocked) -> None:
    room.locked = False


def on_quieted(room: Room, event: Quieted) -> None:
    room.quiet = Quiet(by_itself=event.by is None, stopped_the_clock=event.left is not None)
    if event.left is not None and room.floor is not None:
        floor.stop_clock(room.floor, event.left, event.at)


def on_unquieted(room: Room, event: Unquieted) -> None:
    room.quiet = None
    room.locked, room.queue.is_open, room.chat_mode = event.locked, event.queue_open, event.mode
    if event.every is not None:
        room.chat_every = event.every
    if room.floor is not None:
        if event.ends_at is not None:
            floor.run_clock(room.floor, event.ends_at, event.at)
        if event.answer_by is not None:
            room.floor.answer_by = event.answer_by


def on_help_asked(room: Room, event: HelpAsked) -> None:
    _keep(room, event, "help")


def on_reported(room: Room, event: Reported) -> None:
    _keep(room, event, "report", event.who, event.message)


def on_seen_to(room: Room, event: SeenTo) -> None:
    for request in event.requests:
        room.requests.pop(request, None)


def _keep(
    room: Room,
    event: HelpAsked | Reported,
    kind: Literal["help", "report"],
    who: ParticipantId | None = None,
    message: MessageId | None = None,
) -> None:
    author = room.participants.get(event.by) if event.by is not None else None
    if author is None:
        return
    asked = HelpRequest(event.request, kind, author.id, author.name, event.at, event.text, who, message)
    room.requests[asked.id] = asked
    own = [it.id for it in room.requests.values() if (it.by, it.kind) == (author.id, kind)]
    for request in (*own[:-REQUESTS_EACH], *list(room.requests)[: -room.limits.requests]):
        room.requests.pop(request, None)


def forget_requests(room: Room, who: ParticipantId, *, removed: bool) -> None:
    """`who` has left, or been removed: nobody can help them here, nor needs to be protected from whom was removed."""
    for it in list(room.requests.values()):
        if (it.kind == "help" and it.by == who) or (removed and it.who == who):
            del room.requests[it.id]
