"""The floor: raised hands, the share queue, one share at a time, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from rooms.vocabulary import (
    GREETERS,
    SERVICE,
    TIMEKEEPERS,
    Command,
    Event,
    ParagraphText,
    ParticipantId,
    Refused,
    ShareId,
    Topic,
    Who,
    milliseconds,
    written,
)

if TYPE_CHECKING:
    from rooms.formats import Phase
    from rooms.room import Alarm, Room

MOST_SECONDS: Final = 4 * 3600  # of a share, or added to one
LEAST_SHARE_SECONDS: Final = 0.1
NEVER: Final = 2**62  # ms

EndWhy = Literal["done", "passed", "no_answer", "stopped", "next", "put_back", "time", "left", "phase"]
LowerWhy = Literal["lowered", "passed", "no_answer", "left", "muted", "phase"]
CloseWhy = Literal["closed", "no_time", "phase"]


class Hand(Struct, omit_defaults=True):
    who: ParticipantId
    at: int
    topic: str | None = None


class Share(Struct, omit_defaults=True):
    """One turn with the floor. `ends_at` while its clock runs, `left` (ms) while it is stopped."""

    who: ParticipantId
    id: ShareId
    state: Literal["called", "sharing", "time_up"] = "called"
    answer_by: int | None = None
    began_at: int | None = None
    ends_at: int | None = None
    left: int | None = None
    warned: bool = False
    length: int = 0  # ms that this share may last in all, time added included
    spoke: int = 0  # ms until the clock last stopped
    running_since: int | None = None
    hand: Hand | None = None  # the hand that was called, so that it can be put back
    paragraphs: list[str] = field(default_factory=list)
    reactions: dict[str, int] = field(default_factory=dict)

    def spoken(self, now: int) -> int:
        """How long the sharer has had the floor's clock running, in milliseconds."""
        return self.spoke + (0 if self.running_since is None else max(0, now - self.running_since))


class Told(Struct, omit_defaults=True):
    """What is remembered of every share of the occurrence: whose it was, and where the log holds its paragraphs."""

    who: ParticipantId
    written_at: list[int] = field(default_factory=list)  # sequence numbers
    paragraphs: int = 0
    reactors: dict[str, list[ParticipantId]] = field(default_factory=dict)


class Queue(Struct, omit_defaults=True):
    hands: list[Hand] = field(default_factory=list)
    is_open: bool = False
    closed_why: CloseWhy = "phase"
    is_held_open: bool = False  # somebody opened it by hand, so it does not close itself
    share_time: int = 180_000  # ms
    had_a_turn: set[ParticipantId] = field(default_factory=set)  # in this phase; no latecomers to its circle


class HandRaised(Event):
    who: ParticipantId
    place: int  # 0 is next
    topic: str | None = None


class HandLowered(Event):
    who: ParticipantId
    why: LowerWhy


class HandMoved(Event):
    who: ParticipantId
    place: int


class CircleFormed(Event):
    order: list[ParticipantId]


class Called(Event):
    who: ParticipantId
    share: ShareId
    answer_by: int
    name: str | None = None  # where not everybody may see the roster
    shares: int = 0  # likewise
    device: bool = True  # likewise


class Began(Event):
    who: ParticipantId
    share: ShareId
    ends_at: int


class Warned(Event):
    share: ShareId
    left: float  # seconds


class TimeUp(Event):
    share: ShareId
    grace_until: int | None = None


class ClockChanged(Event):
    share: ShareId
    ends_at: int | None = None
    left: int | None = None


class ShareEnded(Event):
    who: ParticipantId
    share: ShareId
    why: EndWhy
    spoke: int


class QueueClosed(Event):
    why: CloseWhy


class QueueOpened(Event):
    """`held`: by hand, so that it does not close itself when the time gets short."""

    held: bool = False


class ShareTimeChanged(Event):
    seconds: float


class Shared(Event):
    moves: ClassVar[bool] = False

    share: ShareId
    text: str
    n: int
    name: str | None = None


class RaiseHand(Command, frozen=True):
    topic: Topic | None = None
    who: Who | None = None


class LowerHand(Command, frozen=True):
    who: Who | None = None


class MoveHand(Command, frozen=True):
    who: Who
    place: Annotated[int, Meta(ge=0, le=100_000)]


class Call(Command, frozen=True):
    who: Who | None = None
    after: Who | UnsetType | None = UNSET


class PutBack(Command, frozen=True):
    who: Who


class Pick(Command, frozen=True):
    who: Who


class Begin(Command, frozen=True):
    pass


class Pass(Command, frozen=True):
    pass


class Done(Command, frozen=True):
    pass


class StopShare(Command, frozen=True):
    share: Who | UnsetType = UNSET


class AddTime(Command, frozen=True):
    seconds: float


class StopClock(Command, frozen=True):
    pass


class StartClock(Command, frozen=True):
    pass


class CloseQueue(Command, frozen=True):
    pass


class OpenQueue(Command, frozen=True):
    pass


class SetShareTime(Command, frozen=True):
    seconds: float


class WriteShare(Command, frozen=True, tag="share"):
    text: ParagraphText


# What others ask of the floor


def place_of(room: Room, who: ParticipantId) -> int | None:
    """The place in the share queue, 0 being next; None without a raised hand."""
    return next((place for place, hand in enumerate(room.queue.hands) if hand.who == who), None)


def next_in_queue(room: Room, now: int) -> ParticipantId | None:
    """Who would be called now: the first who is here. In a round's reserve, the first who has not shared yet."""
    phase = room.current_phase
    in_reserve = (
        phase is not None
        and room.phase_ends_at is not None
        and phase.reserve_seconds > 0
        and now >= room.phase_ends_at - phase.reserve_seconds * 1000
    )
    for hand in room.queue.hands:
        participant = room.participants.get(hand.who)
        if participant and participant.presence == "here" and not (in_reserve and participant.shares):
            return hand.who
    return None


def next_start(room: Room, now: int) -> int:
    """When the next share can begin at the earliest if everybody takes their time: now, or when this one ends."""
    share = room.floor
    if share is None or share.state == "time_up":
        return now
    if share.state == "called":
        return now + room.queue.share_time
    if share.left is not None:
        return now + max(share.left, 0)
    return max(now, share.ends_at or now)


def fits(room: Room, now: int) -> int | None:
    """How many more shares end before the phase does, grace not counted; None in a phase without an end."""
    if room.phase_ends_at is None:
        return None
    return max(0, (room.phase_ends_at - next_start(room, now)) // room.queue.share_time)


def give_up(room: Room, who: ParticipantId, why: LowerWhy, now: int) -> list[Event]:
    """Somebody goes, or is muted: their hand falls, and if they go their share ends."""
    events: list[Event] = []
    if why == "left" and room.floor is not None and room.floor.who == who:
        events.append(_end_of(room.floor, "left", now))
    if place_of(room, who) is not None:
        events.append(HandLowered(who, why))
    return events


def stand_in_the_circle(room: Room, who: ParticipantId) -> list[Event]:
    """A latecomer, or who comes back without having had a turn, stands at the circle's end; else nothing."""
    phase, known = room.current_phase, room.participants.get(who) or room.gone.get(who)
    if phase is None or phase.order != "circle" or phase.queue_rule == "closed" or who in room.queue.had_a_turn:
        return []
    if (known is not None and known.muted) or _stands_or_has_the_floor(room, who):
        return []
    return [HandRaised(who, len(room.queue.hands))]


def _stands_or_has_the_floor(room: Room, who: ParticipantId) -> bool:
    return place_of(room, who) is not None or (room.floor is not None and room.floor.who == who)


def free_from(room: Room) -> int:
    """When the floor will be free at the latest if nobody does anything; `NEVER` if it depends on somebody."""
    share, phase = room.floor, room.current_phase
    if share is None or phase is None:
        return 0
    if room.is_quiet or share.left is not None:
        return NEVER
    if share.ends_at is None:
        return share.answer_by or NEVER
    if phase.hard_stop:
        return share.ends_at + _grace(phase)
    return share.ends_at if room.runs_itself_from is not None else NEVER


def leave_phase(room: Room, coming: Phase | None, now: int) -> list[Event]:
    """What the floor does when the phase ends: the share ends, and hands fall that the coming phase has no use for."""
    events: list[Event] = []
    if room.floor is not None:
        events.append(_end_of(room.floor, "phase", now))
    leaving = room.current_phase
    keeps = (
        coming is not None and coming.queue_rule == "open" and "circle" not in {coming.order, leaving and leaving.order}
    )
    if not keeps:
        events += [HandLowered(hand.who, "phase") for hand in room.queue.hands]
    return events


def enter_phase(room: Room, phase: Phase) -> list[Event]:
    """What the floor does when `phase` has begun: the queue opens or closes, the circle forms."""
    events: list[Event] = []
    if phase.queue_rule == "open":
        if not room.queue.is_open:
            events.append(QueueOpened())
        if phase.order == "circle":
            here = (p.id for p in room.participants.values() if p.presence == "here" and not p.muted)
            events.append(CircleFormed(list(here)))
    elif room.queue.is_open:
        events.append(QueueClosed("phase"))
    return events


def begin_phase(room: Room) -> None:
    """The phase has its own share time and turns; what opened or closed the queue before does not matter any more."""
    queue = room.queue
    queue.closed_why, queue.is_held_open, queue.had_a_turn = "phase", False, set()
    if room.current_phase is not None:
        queue.share_time = round(room.current_phase.share_seconds * 1000)


def close_queue(room: Room) -> list[Event]:
    """The agenda is over, and with it the queue."""
    return [QueueClosed("phase")] if room.queue.is_open else []


# Hands


def decide_raise_hand(room: Room, command: RaiseHand, by: ParticipantId, now: int) -> list[Event]:
    who = room.find(by)
    if command.who is not None and command.who != by:
        room.require(by, GREETERS | TIMEKEEPERS)
        who = room.find(command.who)
        if who.device:
            raise Refused("not_allowed", "People with a device raise their own hands.")
    if who.muted:
        raise Refused("muted", "You are muted just now. You may write to the service team.")
    if room.is_quiet or not room.queue.is_open:
        raise Refused("queue_closed", _why_closed(room))
    if _stands_or_has_the_floor(room, who.id):
        raise Refused("already_queued", "The hand is raised already.")
    if len(room.queue.hands) >= room.limits.hands:
        raise Refused("full", "The queue is full.")
    topic = command.topic.strip() if command.topic else None
    return [HandRaised(who.id, _place_for(room, who.shares > 0), topic or None)]


def _why_closed(room: Room) -> str:
    if room.queue.closed_why == "no_time" and not room.queue.is_open:
        return "The time left is not enough for another share."
    return "The queue is closed just now."


def _place_for(room: Room, has_shared: bool) -> int:
    hands = room.queue.hands
    if has_shared or room.phase_order != "hands":
        return len(hands)
    waiting = [place for place, hand in enumerate(hands) if not room.has_shared(hand.who)]
    return waiting[-1] + 1 if waiting else 0


def decide_lower_hand(room: Room, command: LowerHand, by: ParticipantId, now: int) -> list[Event]:
    who = by
    if command.who is not None and command.who != by:
        room.require(by, TIMEKEEPERS)
        who = room.act_on(by, command.who).id
    return [HandLowered(who, "lowered")] if place_of(room, who) is not None else []


def decide_move_hand(room: Room, command: MoveHand, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    _check_not_quiet(room)
    who = room.find(command.who).id
    place = place_of(room, who)
    if place is None:
        raise Refused("not_now", "This person's hand is not raised.")
    to = min(command.place, len(room.queue.hands) - 1)
    return [] if to == place else [HandMoved(who, to)]


def decide_close_queue(room: Room, command: CloseQueue, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    _running_phase(room)
    _check_not_quiet(room)
    return [QueueClosed("closed")] if room.queue.is_open or room.queue.closed_why != "closed" else []


def decide_open_queue(room: Room, command: OpenQueue, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    _running_phase(room)
    _check_not_quiet(room)
    return [] if room.queue.is_open else [QueueOpened(held=True)]


def decide_set_share_time(room: Room, command: SetShareTime, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    _running_phase(room)
    time = milliseconds(command.seconds, LEAST_SHARE_SECONDS, MOST_SECONDS)
    return [] if time == room.queue.share_time else [ShareTimeChanged(time / 1000)]


# The floor


def decide_call(room: Room, command: Call, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    share = room.floor
    if command.after is not UNSET and command.after != (share.id if share else None):
        raise Refused("not_now", "The floor has changed hands in the meantime.")
    _running_phase(room)
    _check_not_quiet(room)
    if command.who is None:
        who = _assigned_speaker(room) or next_in_queue(room, now)
        if who is None:
            raise Refused("not_now", "Nobody is waiting who could be called now.")
    else:
        who = _somebody_here(room, command.who)
    if share is None:
        return [_call(room, who, now)]
    if share.who == who:
        raise Refused("not_now", "This person has the floor already.")
    return [_end_of(share, "next", now), _call(room, who, now)]


def decide_put_back(room: Room, command: PutBack, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    _running_phase(room)
    _check_not_quiet(room)
    share, who = room.floor, room.find(command.who)
    if share is not None and share.who == who.id:
        return [_end_of(share, "put_back", now), HandRaised(who.id, 0, share.hand.topic if share.hand else None)]
    if place_of(room, who.id) is not None:
        raise Refused("already_queued", "This person is in the queue already.")
    return [HandRaised(_somebody_here(room, command.who), 0)]


def decide_pick(room: Room, command: Pick, by: ParticipantId, now: int) -> list[Event]:
    share = _share_of(room, by)
    if room.phase_order != "pick":
        raise Refused("not_now", "In this round the facilitator calls.")
    _check_not_quiet(room)
    who = _somebody_here(room, command.who)
    if who == by:
        raise Refused("not_now", "Please pick somebody else.")
    return [_end_of(share, "done" if share.began_at is not None else "passed", now), _call(room, who, now)]


def decide_begin(room: Room, command: Begin, by: ParticipantId, now: int) -> list[Event]:
    share = _share_on(room)
    if share.who != by:
        _require_for_another(room, by)
    if share.state != "called":
        raise Refused("not_now", "This share has begun already.")
    _check_not_quiet(room)
    return [Began(share.who, share.id, now + room.queue.share_time)]


def decide_pass(room: Room, command: Pass, by: ParticipantId, now: int) -> list[Event]:
    share = room.floor
    if share is not None and share.who == by:
        if share.state != "called":
            raise Refused("not_now", "Your share has begun; say when you are done.")
        return [_end_of(share, "passed", now)]
    if room.phase_order == "circle" and place_of(room, by) is not None:
        return [HandLowered(by, "passed")]
    raise Refused("not_your_turn", "It is not your turn.")


def decide_done(room: Room, command: Done, by: ParticipantId, now: int) -> list[Event]:
    share = _share_of(room, by)
    return [_end_of(share, "done" if share.began_at is not None else "passed", now)]


def decide_stop_share(room: Room, command: StopShare, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, TIMEKEEPERS)
    share = _share_on(room)
    if command.share is not UNSET and command.share != share.id:
        raise Refused("not_now", "The floor has changed hands in the meantime.")
    return [_end_of(share, "stopped", now)]


def decide_write_share(room: Room, command: WriteShare, by: ParticipantId, now: int) -> list[Event]:
    share = _share_of(room, by)
    if room.find(by).muted:
        raise Refused("muted", "You are muted just now. You may write to the service team.")
    if share.state == "called":
        raise Refused("not_now", "Please begin your share first.")
    if room.is_quiet and room.find(by).role not in SERVICE:
        raise Refused("not_now", "The room is quiet just now.")
    told = room.told[share.id]
    if told.paragraphs >= room.limits.paragraphs:
        raise Refused("too_long", "This share has too many paragraphs.")
    return [Shared(share.id, written(command.text), told.paragraphs + 1, room.name_for_the_discreet(by))]


def _call(room: Room, who: ParticipantId, now: int) -> Called:
    share, answer_by = ShareId(f"s{len(room.told) + 1}"), now + round(room.format.answer_seconds * 1000)
    name = room.name_for_the_discreet(who)
    if name is None:
        return Called(who, share, answer_by)
    called = room.participants[who]
    return Called(who, share, answer_by, name, called.shares, called.device)


def _end_of(share: Share, why: EndWhy, now: int) -> ShareEnded:
    return ShareEnded(share.who, share.id, why, share.spoken(now))


def _assigned_speaker(room: Room) -> ParticipantId | None:
    phase = room.current_phase
    if phase is None or phase.kind != "speaker" or room.phase is None or room.speaker_was_called:
        return None
    who = room.assigned.get(room.phase)
    return who if who in room.participants and room.participants[who].presence == "here" else None


def _somebody_here(room: Room, who: str) -> ParticipantId:
    participant = room.find(who)
    if participant.presence == "away":
        raise Refused("not_now", "This person is away just now.")
    return participant.id


def _share_on(room: Room) -> Share:
    if room.floor is None:
        raise Refused("not_now", "Nobody has the floor.")
    return room.floor


def _share_of(room: Room, by: ParticipantId) -> Share:
    if room.floor is None or room.floor.who != by:
        raise Refused("not_your_turn", "You do not have the floor.")
    return room.floor


def _require_for_another(room: Room, by: ParticipantId) -> None:
    if room.find(by).role not in TIMEKEEPERS:
        raise Refused("not_your_turn", "You do not have the floor.")


def _running_phase(room: Room) -> Phase:
    if room.current_phase is None:
        raise Refused("not_now", "The agenda is not running.")
    return room.current_phase


def _check_not_quiet(room: Room) -> None:
    if room.is_quiet:
        raise Refused("not_now", "The room is quiet just now.")


# The clock


def decide_add_time(room: Room, command: AddTime, by: ParticipantId, now: int) -> list[Event]:
    share = _clocked(room, by)
    change = milliseconds(command.seconds, -MOST_SECONDS, MOST_SECONDS)
    left = share.left if share.left is not None else (share.ends_at or now) - now
    left = max(left + change, min(left, 0))  # what is taken away ends the time at most, and never the grace
    if share.left is not None:
        return [ClockChanged(share.id, left=left)]
    return [ClockChanged(share.id, ends_at=now + left)]


def decide_stop_clock(room: Room, command: StopClock, by: ParticipantId, now: int) -> list[Event]:
    share = _clocked(room, by)
    return [ClockChanged(share.id, left=share.ends_at - now)] if share.ends_at is not None else []


def decide_start_clock(room: Room, command: StartClock, by: ParticipantId, now: int) -> list[Event]:
    share = _clocked(room, by)
    return [ClockChanged(share.id, ends_at=now + share.left)] if share.left is not None else []


def _clocked(room: Room, by: ParticipantId) -> Share:
    room.require(by, TIMEKEEPERS)
    share = _share_on(room)
    if share.state == "called":
        raise Refused("not_now", "This share has not begun yet.")
    _check_not_quiet(room)
    return share


def alarms(room: Room) -> Iterator[Alarm]:
    """The share's own moments, the queue that closes itself, and the calls that the room makes."""
    phase = room.current_phase
    if phase is None or room.is_quiet:
        return
    if room.floor is not None:
        yield from _share_alarms(room, room.floor, phase)
    if (closes := _queue_closes_at(room)) is not None:
        if room.queue.is_open and not room.queue.is_held_open:
            yield closes, lambda now: [QueueClosed("no_time")]
        elif not room.queue.is_open and room.queue.closed_why == "no_time" and closes > room.at:
            yield room.at, lambda now: [QueueOpened()]
    calls_from = room.at if phase.auto_call else room.runs_itself_from
    if room.floor is None and calls_from is not None and not room.waits_at(at := max(room.at, calls_from)):
        who = _assigned_speaker(room)
        if who is None and fits(room, at) != 0:
            who = next_in_queue(room, at)
        if who is not None:
            yield at, lambda now: [_call(room, who, now)]


def _share_alarms(room: Room, share: Share, phase: Phase) -> Iterator[Alarm]:
    if share.answer_by is not None:
        yield share.answer_by, lambda now: _no_answer(room, share, now)
    elif (ends_at := share.ends_at) is not None:
        warn = round(phase.warn_seconds * 1000)
        if share.state == "time_up":
            if phase.hard_stop:
                yield ends_at + _grace(phase), lambda now: [_end_of(share, "time", now)]
            return
        if not share.warned and 0 < warn < share.length and share.state == "sharing":
            yield ends_at - warn, lambda now: [Warned(share.id, max(0, min(warn, ends_at - now)) / 1000)]
        yield ends_at, lambda now: [TimeUp(share.id, ends_at + _grace(phase) if phase.hard_stop else None)]


def _grace(phase: Phase) -> int:
    return round(phase.grace_seconds * 1000)


def _no_answer(room: Room, share: Share, now: int) -> list[Event]:
    events: list[Event] = [_end_of(share, "no_answer", now)]
    if share.hand is None:
        return events
    participant = room.participants.get(share.who)
    if participant is not None and participant.unanswered == 0:
        return [*events, HandRaised(share.who, min(1, len(room.queue.hands)), share.hand.topic)]
    return [*events, HandLowered(share.who, "no_answer")]


def _queue_closes_at(room: Room) -> int | None:
    """When the time left will no longer fit one share more than hands are raised."""
    if room.phase_ends_at is None:
        return None
    needed = room.queue.share_time * (len(room.queue.hands) + 1)
    last_start = room.phase_ends_at - needed  # the last moment at which the next share may begin
    share = room.floor
    if share is not None and share.state == "sharing" and share.ends_at is not None:
        return room.at if share.ends_at > last_start else last_start + 1
    return last_start + 1 - (next_start(room, 0) if share is not None else 0)


# Evolutions


def on_hand_raised(room: Room, event: HandRaised) -> None:
    room.queue.hands.insert(event.place, Hand(event.who, event.at, event.topic))


def on_hand_lowered(room: Room, event: HandLowered) -> None:
    _take_hand(room, event.who)
    if event.why in {"passed", "lowered"}:
        room.queue.had_a_turn.add(event.who)
    if participant := room.participants.get(event.who):
        participant.unanswered = 0


def on_hand_moved(room: Room, event: HandMoved) -> None:
    if hand := _take_hand(room, event.who):
        room.queue.hands.insert(event.place, hand)


def _take_hand(room: Room, who: ParticipantId) -> Hand | None:
    place = place_of(room, who)
    return None if place is None else room.queue.hands.pop(place)


def on_circle_formed(room: Room, event: CircleFormed) -> None:
    room.queue.hands = [Hand(who, event.at) for who in event.order]


def on_called(room: Room, event: Called) -> None:
    if event.name is not None:
        called = room.make_known(event.who, event.name)
        called.shares, called.device, called.presence = event.shares, event.device, "here"
    hand = _take_hand(room, event.who)
    room.floor = Share(event.who, event.share, answer_by=event.answer_by, hand=hand)
    room.told[event.share] = Told(event.who)
    if room.current_phase is not None and room.current_phase.kind == "speaker":
        room.speaker_was_called = True


def on_began(room: Room, event: Began) -> None:
    if share := _the_share(room, event.share):
        share.state, share.answer_by = "sharing", None
        share.began_at = share.running_since = event.at
        share.ends_at, share.length = event.ends_at, event.ends_at - event.at


def on_warned(room: Room, event: Warned) -> None:
    if share := _the_share(room, event.share):
        share.warned = True


def on_time_up(room: Room, event: TimeUp) -> None:
    if share := _the_share(room, event.share):
        share.state = "time_up"


def on_clock_changed(room: Room, event: ClockChanged) -> None:
    share = _the_share(room, event.share)
    if share is None:
        return
    left_before = share.left if share.left is not None else (share.ends_at or event.at) - event.at
    if event.ends_at is not None:
        run_clock(share, event.ends_at, event.at)
        left = event.ends_at - event.at
    else:
        left = event.left or 0
        stop_clock(share, left, event.at)
    share.length += left - left_before
    if left > 0:
        share.state = "sharing"
    phase = room.current_phase
    if phase is not None and left > phase.warn_seconds * 1000:
        share.warned = False


def run_clock(share: Share, ends_at: int, at: int) -> None:
    """The share's clock runs until `ends_at`, from `at` if it stood still."""
    share.ends_at, share.left = ends_at, None
    if share.running_since is None:
        share.running_since = at


def stop_clock(share: Share, left: int, at: int) -> None:
    """The share's clock stands still at `left` milliseconds."""
    share.spoke, share.running_since = share.spoken(at), None
    share.ends_at, share.left = None, left


def on_share_ended(room: Room, event: ShareEnded) -> None:
    share = _the_share(room, event.share)
    if share is None:
        return
    room.floor = None
    if participant := room.participants.get(event.who):
        if share.began_at is not None and event.why != "put_back":
            participant.shares += 1
        participant.unanswered = participant.unanswered + 1 if event.why == "no_answer" else 0
    if event.why not in {"no_answer", "put_back", "left"}:
        room.queue.had_a_turn.add(event.who)


def _the_share(room: Room, share: ShareId) -> Share | None:
    return room.floor if room.floor is not None and room.floor.id == share else None


def on_queue_closed(room: Room, event: QueueClosed) -> None:
    room.queue.is_open, room.queue.closed_why, room.queue.is_held_open = False, event.why, False


def on_queue_opened(room: Room, event: QueueOpened) -> None:
    room.queue.is_open, room.queue.is_held_open = True, event.held


def on_share_time_changed(room: Room, event: ShareTimeChanged) -> None:
    room.queue.share_time = round(event.seconds * 1000)


def on_shared(room: Room, event: Shared) -> None:
    if share := _the_share(room, event.share):
        share.paragraphs.append(event.text)
    if told := room.told.get(event.share):
        told.paragraphs += 1
        told.written_at.append(event.seq)
