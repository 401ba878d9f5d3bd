"""What one participant may see: the audience of every event, the room in a snapshot, and the way back from it.

The snapshot is protocol.md's, with these optional fields besides: `rules`; `blocked` for the service team; `device` of
a participant without one; `reactions` of the share; `name` of those who spoke where the roster is discreet.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import (
    Crosstalk,
    DirectMessages,
    Format,
    History,
    Order,
    Phase,
    PhaseKind,
    QueueRule,
    Roster,
    Words,
)
from rooms.room import Room
from rooms.vocabulary import (
    EVERYONE,
    NOBODY,
    SERVICE,
    SERVICE_TEAM,
    Audience,
    ChatMode,
    Event,
    MessageId,
    ParticipantId,
    Presence,
    RequestId,
    Role,
    RoomId,
    ShareId,
)

MESSAGES_SHOWN = 200

NARROW = {
    agenda.Opened: NOBODY,
    presence.Noted: NOBODY,
    presence.Knocked: SERVICE_TEAM,
    presence.Denied: SERVICE_TEAM,
    safety.Unblocked: SERVICE_TEAM,
}


class MeetingView(Struct):
    slug: str
    name: str
    timezone: str


class PhaseView(Struct):
    kind: PhaseKind
    title: str
    text: str
    credit: str
    seconds: float | None
    advance: Literal["manual", "auto"]
    chat: ChatMode | None
    queue: QueueRule | None
    share_seconds: float
    warn_seconds: float
    grace_seconds: float
    hard_stop: bool
    reserve_seconds: float
    order: Order
    auto_call: bool
    reader: ParticipantId | UnsetType = UNSET


_PHASE_RULES = PhaseView.__struct_fields__[5:-1]


class ParticipantView(Struct):
    id: ParticipantId
    name: str
    role: Role
    presence: Presence
    shares: int
    muted: bool | UnsetType = UNSET
    device: bool | UnsetType = UNSET


class FloorView(Struct):
    who: ParticipantId
    share: ShareId
    state: Literal["called", "sharing", "time_up"]
    warned: bool
    paragraphs: list[str]
    reactions: dict[str, int]
    answer_by: int | UnsetType = UNSET
    began_at: int | UnsetType = UNSET
    ends_at: int | UnsetType = UNSET
    left: int | UnsetType = UNSET


class HandView(Struct):
    who: ParticipantId
    topic: str | None
    at: int
    expected_at: int | None


class QueueView(Struct):
    open: bool
    share_seconds: float
    fits: int | None
    hands: list[HandView]


class MessageView(Struct):
    id: MessageId
    by: ParticipantId | None
    text: str
    to: str
    at: int
    reactions: dict[str, int]
    reply_to: MessageId | UnsetType = UNSET
    name: str | UnsetType = UNSET


class ChatView(Struct):
    mode: ChatMode
    every: float
    messages: list[MessageView]
    pinned: list[MessageId]


class CelebrationView(Struct):
    by: ParticipantId
    count: int
    unit: chat.Unit
    at: int
    name: str | UnsetType = UNSET


class KnockView(Struct):
    id: ParticipantId
    name: str
    at: int


class BlockedView(Struct):
    id: ParticipantId
    name: str


class RequestView(Struct):
    id: RequestId
    kind: Literal["help", "report"]
    by: ParticipantId
    name: str
    at: int
    text: str | UnsetType = UNSET
    who: ParticipantId | UnsetType = UNSET
    message: MessageId | UnsetType = UNSET


class Rules(Struct):
    """What of the format a client needs to know before it offers something."""

    crosstalk: Crosstalk
    direct_messages: DirectMessages
    history: History
    roster: Roster
    words: Words | UnsetType = UNSET  # where they are not the usual ones


class RoomView(Struct):
    id: RoomId
    meeting: MeetingView
    state: Literal["doors", "running", "fellowship", "ended"]
    doors_at: int
    starts_at: int
    ends_at: int
    phase: int | None
    phase_ends_at: int | None
    agenda: list[PhaseView]
    participants: list[ParticipantView]
    floor: FloorView | None
    queue: QueueView
    chat: ChatView
    locked: bool
    quiet: bool
    emoji: list[str]
    celebrations: list[CelebrationView]
    rules: Rules
    requests: list[RequestView] | UnsetType = UNSET
    lobby: list[KnockView] | UnsetType = UNSET
    blocked: list[BlockedView] | UnsetType = UNSET


def audience(room: Room, event: Event) -> Audience:
    """Who may see `event`, which happens to `room` now: ask before it is evolved."""
    match event:
        case chat.Said():  # by far the most
            return chat.audience_of_message(event)
        case presence.Left() if event.who in room.lobby:
            return SERVICE_TEAM
        case presence.Joined() if event.role in SERVICE:
            return EVERYONE
        case presence.Joined() | presence.Away() | presence.Returned() | presence.Left() | presence.Renamed():
            if room.format.roster == "everyone" or event.who in room.service or _has_the_floor(room, event.who):
                return EVERYONE
            return Audience(service=True, who=(event.who,))
        case safety.Muted() | safety.Unmuted():
            return Audience(service=True, who=(event.who,))
        case safety.HelpAsked() | safety.Reported():
            return Audience(service=True, who=() if event.by is None else (event.by,))
        case safety.SeenTo():
            authors = (room.requests[request].by for request in event.requests if request in room.requests)
            return Audience(service=True, who=tuple(dict.fromkeys(authors)))
        case chat.Unsaid():
            return _audience_of(room, event.message)
        case chat.Reacted():
            return _audience_of(room, event.to)
    return NARROW.get(type(event), EVERYONE)


def _audience_of(room: Room, message: str) -> Audience:
    """Who is told what becomes of a message: who may see it, and that is also who was of the service team then."""
    found = room.messages.get(MessageId(message))
    if found is None:
        return EVERYONE  # a share's
    if not found.audience.service:
        return found.audience
    others = (p for p in room.participants.values() if p.role not in SERVICE)
    team = (p.id for p in others if presence.covers(p.service_spans, found.seq))
    return Audience(service=True, who=tuple(dict.fromkeys((*found.audience.who, *team))))


def _has_the_floor(room: Room, who: ParticipantId) -> bool:
    return room.floor is not None and room.floor.who == who


def view(room: Room, who: ParticipantId, now: int) -> RoomView:
    """The room as `who`, a participant, may see it at `now`."""
    viewer = room.participants[who]
    serves = viewer.role in SERVICE
    seen = RoomView(
        id=room.id,
        meeting=MeetingView(room.slug, room.name, room.timezone),
        state=room.state,
        doors_at=room.doors_at,
        starts_at=room.starts_at,
        ends_at=room.ends_at,
        phase=room.phase,
        phase_ends_at=room.phase_ends_at,
        agenda=[_phase(phase, room.assigned.get(index)) for index, phase in enumerate(room.format.phase)],
        participants=_roster(room, viewer, serves),
        floor=None if room.floor is None else _floor(room.floor),
        queue=_queue(room, now),
        chat=_chat(room, viewer),
        locked=room.is_locked,
        quiet=room.is_quiet,
        emoji=list(room.format.emoji),
        celebrations=[CelebrationView(c.by, c.count, c.unit, c.at, c.name or UNSET) for c in room.celebrations],
        rules=_rules(room.format),
    )
    requests = [_request(it) for it in room.requests.values() if serves or it.by == who]
    if serves or requests:
        seen.requests = requests
    if serves:
        seen.lobby = [KnockView(knock.id, knock.name, knock.at) for knock in room.lobby.values()]
        seen.blocked = [BlockedView(blocked.id, blocked.name) for blocked in room.blocked.values()]
    return seen


def _request(it: safety.HelpRequest) -> RequestView:
    return RequestView(it.id, it.kind, it.by, it.name, it.at, it.text or UNSET, it.who or UNSET, it.message or UNSET)


def _rules(it: Format) -> Rules:
    return Rules(it.crosstalk, it.direct_messages, it.history, it.roster, it.words or UNSET)


def _phase(phase: Phase, reader: ParticipantId | None) -> PhaseView:
    seconds = None if phase.length is None else phase.length / 1000
    rules = {name: getattr(phase, name) for name in _PHASE_RULES}
    return PhaseView(phase.kind, phase.title, phase.text, phase.credit, seconds, **rules, reader=reader or UNSET)


def _roster(room: Room, viewer: presence.Participant, serves: bool) -> list[ParticipantView]:
    discreet = room.format.roster == "service" and not serves
    return [
        ParticipantView(
            p.id,
            p.name,
            p.role,
            p.presence,
            p.shares,
            True if p.muted and (serves or p is viewer) else UNSET,
            UNSET if p.device else False,
        )
        for p in room.participants.values()
        if not discreet or p is viewer or p.role in SERVICE or _has_the_floor(room, p.id)
    ]


def _floor(share: floor.Share) -> FloorView:
    return FloorView(
        share.who,
        share.id,
        share.state,
        share.warned,
        list(share.paragraphs),
        dict(share.reactions),
        answer_by=UNSET if share.answer_by is None else share.answer_by,
        began_at=UNSET if share.began_at is None else share.began_at,
        ends_at=UNSET if share.ends_at is None else share.ends_at,
        left=UNSET if share.left is None else share.left,
    )


def _queue(room: Room, now: int) -> QueueView:
    queue, room_for = room.queue, floor.fits(room, now)
    start = floor.next_start(room, now)
    hands = [
        HandView(
            hand.who,
            hand.topic,
            hand.at,
            start + place * queue.share_time if room_for is None or place < room_for else None,
        )
        for place, hand in enumerate(queue.hands)
    ]
    return QueueView(room.queue_is_open, queue.share_time / 1000, room_for, hands)


def _chat(room: Room, viewer: presence.Participant) -> ChatView:
    shown: list[MessageView] = []
    for message in reversed(room.messages.values()):
        if len(shown) == MESSAGES_SHOWN:
            break
        if _is_shown(room, message, viewer):
            shown.append(_message(message))
    older = [room.messages[pin] for pin in room.pinned]
    known = {message.id for message in shown}
    shown += [_message(message) for message in reversed(older) if message.id not in known]
    return ChatView(room.effective_chat_mode, room.chat_every, shown[::-1], list(room.pinned))


def _is_shown(room: Room, message: chat.Message, viewer: presence.Participant) -> bool:
    if not room.may_see(viewer.id, message.seq, message.audience):
        return False
    return room.format.history == "all" or message.id in room.pinned or presence.covers(viewer.stays, message.seq)


def _message(message: chat.Message) -> MessageView:
    return MessageView(
        message.id,
        message.by,
        message.text,
        message.to,
        message.at,
        dict(message.reactions),
        message.reply_to or UNSET,
        message.name or UNSET,
    )


def newcomers_alike(room: Room, who: ParticipantId) -> Hashable | None:
    """Participants for whom this is equal, and not None, have the same view just now: one encoding serves them all."""
    participant = room.participants[who]
    newest = next(reversed(room.messages.values()), None)
    is_new = len(participant.stays) == 1 and (newest is None or newest.seq < participant.stays[0][0])
    has_asked = any(request.by == who for request in room.requests.values())
    is_new = is_new and not participant.muted and not has_asked
    if is_new and participant.role == "member" and room.format.roster == "everyone":
        return "newcomer"
    return None


def restore(seen: RoomView, who: ParticipantId) -> Room:
    """The part of the room that `who` may see, as a room that `evolve` keeps up to date with the events that follow."""
    phases = tuple(_phase_of(phase) for phase in seen.agenda)
    rules = {name: rule for name, rule in asdict(seen.rules).items() if rule is not UNSET}
    room = Room(
        id=seen.id,
        slug=seen.meeting.slug,
        name=seen.meeting.name,
        timezone=seen.meeting.timezone,
        format=Format(phase=phases, emoji=tuple(seen.emoji), **rules),
        state=seen.state,
        doors_at=seen.doors_at,
        starts_at=seen.starts_at,
        ends_at=seen.ends_at,
        phase=seen.phase,
        phase_ends_at=seen.phase_ends_at,
        assigned={index: phase.reader for index, phase in enumerate(seen.agenda) if phase.reader},
        chat_mode=seen.chat.mode,
        chat_every=seen.chat.every,
        locked=seen.locked,
        quiet=safety.Quiet(by_itself=False) if seen.quiet else None,
        pinned=list(seen.chat.pinned),
        celebrations=[chat.Celebration(c.by, c.count, c.unit, c.at, c.name or None) for c in seen.celebrations],
    )
    for p in seen.participants:
        room.participants[p.id] = presence.Participant(
            p.id, p.name, p.role, p.presence, p.device is not False, shares=p.shares, muted=p.muted is True
        )
        if p.role in SERVICE:
            room.service[p.id] = True
    me = room.participants[who]
    me.stays = [(0, 0)]
    me.service_spans = [(0, 0)] if me.role in SERVICE else []
    room.queue = floor.Queue(
        [floor.Hand(hand.who, hand.at, hand.topic) for hand in seen.queue.hands],
        seen.queue.open,
        share_time=round(seen.queue.share_seconds * 1000),
    )
    room.floor = None if seen.floor is None else _share(seen.floor)
    for m in seen.chat.messages:
        said = chat.Said(m.id, m.text, m.to, m.reply_to or None, m.name or None, by=m.by)
        room.messages[m.id] = chat.Message(
            m.id, 0, m.text, m.to, m.at, m.by, said.reply_to, said.name, chat.audience_of_message(said), m.reactions
        )
    if seen.lobby:
        room.lobby = {knock.id: presence.Knock(knock.id, knock.name, knock.at) for knock in seen.lobby}
    if seen.blocked:
        room.blocked = {blocked.id: safety.Blocked(blocked.id, blocked.name) for blocked in seen.blocked}
    for it in seen.requests or []:
        room.requests[it.id] = safety.HelpRequest(
            it.id, it.kind, it.by, it.name, it.at, it.text or None, it.who or None, it.message or None
        )
    return room


def _phase_of(seen: PhaseView) -> Phase:
    rules = {name: getattr(seen, name) for name in _PHASE_RULES}
    return Phase(kind=seen.kind, title=seen.title, text=seen.text, credit=seen.credit, seconds=seen.seconds, **rules)


def _share(seen: FloorView) -> floor.Share:
    return floor.Share(
        seen.who,
        seen.share,
        seen.state,
        answer_by=None if seen.answer_by is UNSET else seen.answer_by,
        began_at=None if seen.began_at is UNSET else seen.began_at,
        ends_at=None if seen.ends_at is UNSET else seen.ends_at,
        left=None if seen.left is UNSET else seen.left,
        warned=seen.warned,
        paragraphs=list(seen.paragraphs),
        reactions=dict(seen.reactions),
    )
