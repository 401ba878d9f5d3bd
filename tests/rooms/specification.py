"""docs/protocol.md told a second time, for the properties: who may, who hears, and until when something may stand."""

from collections.abc import Iterator

from rooms import agenda, chat, floor, presence, safety
from rooms.room import Room
from rooms.vocabulary import (
    EVERYONE,
    FACILITATORS,
    GREETERS,
    NOBODY,
    SERVICE,
    SERVICE_TEAM,
    TIMEKEEPERS,
    Audience,
    Command,
    Event,
    MessageId,
    ParticipantId,
    Role,
    ShareId,
)

ANYBODY: frozenset[Role] = SERVICE | {"member"}

WHO_MAY: dict[type[Command], frozenset[Role]] = {
    presence.Rename: ANYBODY,
    presence.Leave: ANYBODY,
    presence.Admit: GREETERS,
    presence.Deny: GREETERS,
    presence.AddPerson: GREETERS | TIMEKEEPERS,
    presence.GiveRole: FACILITATORS,
    presence.HandOver: frozenset({"facilitator"}),
    agenda.Start: FACILITATORS,
    agenda.NextPhase: FACILITATORS,
    agenda.GoTo: FACILITATORS,
    agenda.AddMinutes: FACILITATORS,
    agenda.End: FACILITATORS,
    agenda.Assign: FACILITATORS,
    floor.RaiseHand: ANYBODY,
    floor.LowerHand: ANYBODY,
    floor.MoveHand: TIMEKEEPERS,
    floor.Call: TIMEKEEPERS,
    floor.PutBack: TIMEKEEPERS,
    floor.Pick: ANYBODY,
    floor.Begin: ANYBODY,
    floor.Pass: ANYBODY,
    floor.Done: ANYBODY,
    floor.StopShare: TIMEKEEPERS,
    floor.AddTime: TIMEKEEPERS,
    floor.StopClock: TIMEKEEPERS,
    floor.StartClock: TIMEKEEPERS,
    floor.CloseQueue: TIMEKEEPERS,
    floor.OpenQueue: TIMEKEEPERS,
    floor.SetShareTime: TIMEKEEPERS,
    floor.WriteShare: ANYBODY,
    chat.Say: ANYBODY,
    chat.Unsay: ANYBODY,
    chat.React: ANYBODY,
    chat.Celebrate: ANYBODY,
    chat.Pin: GREETERS,
    chat.Unpin: GREETERS,
    chat.Chat: GREETERS,
    safety.Mute: GREETERS,
    safety.Unmute: GREETERS,
    safety.Remove: GREETERS,
    safety.Unblock: FACILITATORS,
    safety.Lock: SERVICE,
    safety.Unlock: SERVICE,
    safety.QuietRoom: SERVICE,
    safety.Unquiet: SERVICE,
    safety.AskForHelp: ANYBODY,
    safety.Report: ANYBODY,
    safety.SeeTo: ANYBODY,
}


def may(room: Room, by: ParticipantId, command: Command) -> bool:
    """Whether the one who asks has the right to, be it the time for it or not."""
    role = room.participants[by].role
    holder = room.floor.who if room.floor is not None else None
    match command:
        case floor.RaiseHand(who=who) if who not in {None, by}:
            return role in GREETERS | TIMEKEEPERS
        case floor.LowerHand(who=str() as who) if who != by:
            return role in TIMEKEEPERS and _may_act_on(room, role, ParticipantId(who))
        case floor.Begin():
            return by == holder or role in TIMEKEEPERS
        case floor.Done() | floor.WriteShare() | floor.Pick():
            return by == holder
        case floor.Pass():
            return by == holder or room.phase_order == "circle"
        case chat.Unsay(message=message):
            return role in GREETERS or by == _author(room, message)
        case safety.SeeTo(requests=requests):
            return role in SERVICE or any(it.id in requests and it.by == by for it in room.requests.values())
        case safety.Mute(who=who) | safety.Unmute(who=who) | safety.Remove(who=who):
            return role in GREETERS and _may_act_on(room, role, ParticipantId(who))
    return role in WHO_MAY[type(command)]


def _may_act_on(room: Room, role: Role, who: ParticipantId) -> bool:
    return room.role_of(who) == "member" or (role in FACILITATORS and room.role_of(who) != "facilitator")


def _author(room: Room, message: str) -> ParticipantId | None:
    told = room.told.get(ShareId(message))
    said = room.messages.get(MessageId(message))
    return told.who if told is not None else said.by if said is not None else None


def audience(room: Room, event: Event) -> Audience:
    """For whom `event` is, which is about to happen to `room`."""
    match event:
        case agenda.Opened() | presence.Noted():
            return NOBODY
        case presence.Knocked() | presence.Denied() | safety.Unblocked():
            return SERVICE_TEAM
        case presence.Left(who=who) if who in room.lobby:
            return SERVICE_TEAM
        case presence.Joined(who=who) | presence.Away(who=who) | presence.Returned(who=who) | presence.Left(who=who):
            return _by_the_roster(room, who, event)
        case presence.Renamed(who=who):
            return _by_the_roster(room, who, event)
        case safety.Muted(who=who) | safety.Unmuted(who=who):
            return Audience(service=True, who=(who,))
        case safety.HelpAsked(by=str() as by) | safety.Reported(by=str() as by):
            return Audience(service=True, who=(by,))
        case safety.SeenTo(requests=requests):
            return Audience(service=True, who=tuple(dict.fromkeys(room.requests[it].by for it in requests)))
        case chat.Said(to=to, by=by):
            return _of_a_message(to, by)
        case chat.Unsaid(message=message) | chat.Reacted(to=message):
            said = room.messages.get(MessageId(message))
            if said is None:
                return EVERYONE
            told = _of_a_message(said.to, said.by)
            if said.to != "service":
                return told
            former = [p.id for p in room.participants.values() if p.role == "member" and _served_at(p, said.seq)]
            return Audience(service=True, who=(*told.who, *(who for who in former if who not in told.who)))
    return EVERYONE


def _served_at(person: presence.Participant, seq: int) -> bool:
    return any(first <= seq <= (last or seq) for first, last in person.service_spans)


def _by_the_roster(room: Room, who: ParticipantId, event: Event) -> Audience:
    role = event.role if isinstance(event, presence.Joined) else room.role_of(who)
    has_the_floor = room.floor is not None and room.floor.who == who
    if room.format.roster == "everyone" or role in SERVICE or has_the_floor:
        return EVERYONE
    return Audience(service=True, who=(who,))


def _of_a_message(to: str, by: ParticipantId | None) -> Audience:
    if to == "everyone":
        return EVERYONE
    author = () if by is None else (by,)
    return Audience(service=True, who=author) if to == "service" else Audience(who=(*author, ParticipantId(to)))


def ends_of_what_stands(room: Room) -> Iterator[tuple[str, int]]:
    """What has an end that is told or ruled: it does not stand any more from then on."""
    format_, phase, share = room.format, room.current_phase, room.floor
    if room.state == "ended":
        return
    for since in room.away.values():
        yield "away", since + round(format_.away_seconds * 1000)
    if format_.admit_after_seconds is not None and not room.is_locked and len(room.participants) < format_.capacity:
        for knock in room.lobby.values():
            yield "waiting", knock.at + round(format_.admit_after_seconds * 1000)
    if room.state == "fellowship":
        yield "fellowship", room.ends_at
    else:
        yield "the room", room.ends_at + format_.overrun
    if share is not None and phase is not None and not room.is_quiet:
        if share.state == "called" and share.answer_by is not None:
            yield "a call", share.answer_by
        if share.state == "sharing" and share.ends_at is not None:
            yield "a share", share.ends_at
        if share.state == "time_up" and share.ends_at is not None and phase.hard_stop:
            yield "grace", share.ends_at + round(phase.grace_seconds * 1000)
    is_free_and_attended = share is None and room.alone_since is None
    if phase is not None and phase.advance == "auto" and is_free_and_attended and room.phase_ends_at is not None:
        yield "the phase", room.phase_ends_at
