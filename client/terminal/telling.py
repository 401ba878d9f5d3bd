"""Events as short neutral sentences; pure. What an event says to nobody in particular stays unsaid."""

from collections.abc import Callable
from typing import Final

from client.terminal import looks
from client.terminal.seen import Seen
from client.terminal.text import clock_time, in_words, lines_of
from rooms import agenda, chat, floor, presence, safety
from rooms.room import Room
from rooms.vocabulary import FACILITATORS, TIMEKEEPERS, Event, MessageId, ParticipantId, ShareId

LAST_SECONDS: Final = 15  # of a share, that its holder is told of besides the warning


def tell(event: Event, seen: Seen) -> list[str]:
    """The lines that an event is worth to this participant; `seen.room` has it already."""
    if isinstance(event, presence.Renamed):
        was = seen.does(event.who, "are", "is")
        seen.listen(event)
        return [f"{was} called {event.name} now."]
    seen.listen(event)
    for subject in (_people, _agenda, _hands, _floor, _chat, _safety):
        told = subject(event, seen)
        if told is not None:
            return [told] if isinstance(told, str) else told
    return []


Told = str | list[str] | None
"""None: it is another subject's. An empty list: there is nothing to say."""


def _people(event: Event, seen: Seen) -> Told:
    match event:
        case presence.Joined(who=who, role=role):
            if who == seen.you:
                return []
            if not event.device:
                return f"{seen.name(who)} is here without a device."
            return f"{seen.name(who)} has come in{'' if role == 'member' else f', as {looks.ROLES[role]}'}."
        case presence.Left(who=who):
            return [] if who == seen.you else f"{seen.name(who)} has left."
        case presence.Away(who=who):
            return f"The line of {seen.name(who)} is down." if _concerns(who, seen) else []
        case presence.Returned(who=who):
            return f"{seen.name(who)} is back." if _concerns(who, seen) else []
        case presence.RoleChanged(who=who, role=role):
            return f"{seen.does(who, 'are', 'is')} {looks.ROLES[role]} now."
        case presence.Knocked(who=who, name=name):
            return f"{name} is at the door: /admit @{seen.number(who)} or /deny @{seen.number(who)}."
        case presence.Denied(who=who):
            return f"{seen.name(who)} was turned away."
    return None


def _concerns(who: ParticipantId, seen: Seen) -> bool:
    """Whose lines break and come back matters to the service team; to others only of who has the floor."""
    return who != seen.you and (seen.serves or (seen.room.floor is not None and seen.room.floor.who == who))


def _agenda(event: Event, seen: Seen) -> Told:
    match event:
        case agenda.Started():
            return "The meeting begins."
        case agenda.PhaseBegan(phase=index, ends_at=ends_at):
            phase = seen.room.format.phase[index]
            until = f", until {clock_time(ends_at, event.at)}" if ends_at is not None else ""
            with_ = f", with {seen.subject(who)}" if (who := seen.room.assigned.get(index)) else ""
            return [f"Now: {looks.title_of(phase)}{with_}{until}.", *looks.text_of(phase)]
        case agenda.PhaseDue():
            hint = " /phase next moves on." if seen.role in FACILITATORS else ""
            return f"The time of this part is over.{hint}"
        case agenda.PhaseExtended(ends_at=ends_at):
            return f"This part goes on until {clock_time(ends_at, event.at)}."
        case agenda.Assigned(phase=index, who=who):
            title = looks.title_of(seen.room.format.phase[index])
            return f"{seen.does(who, 'are', 'is')} named for: {title}."
        case agenda.Fellowship(ends_at=ends_at):
            return f"The meeting is over. The room stays open until {clock_time(ends_at, event.at)}, to talk."
        case agenda.Ended():
            return []  # the good-bye says so
    return None


def _hands(event: Event, seen: Seen) -> Told:
    match event:
        case floor.HandRaised(who=who, place=place, topic=topic):
            about = f" ({topic})" if topic else ""
            return f"{seen.does(who, 'have raised your', 'has raised a')} hand, number {place + 1}{about}."
        case floor.HandLowered(who=who, why=why):
            if why in {"left", "phase"} and who != seen.you:
                return []
            after = " after two calls" if why == "no_answer" else ""
            return f"The hand of {seen.object(who)} is down{after}."
        case floor.HandMoved(who=who, place=place):
            return f"{seen.does(who, 'are', 'is')} number {place + 1} in the queue now."
        case floor.CircleFormed(order=order):
            mine = f" You are number {order.index(seen.you) + 1}." if seen.you in order else ""
            return f"Everybody is in the queue, in turn; /pass gives a turn up.{mine}"
        case floor.QueueClosed(why=why):
            because = {"no_time": ": the time left is not enough for another share", "phase": "", "closed": ""}[why]
            return f"The queue is closed{because}."
        case floor.QueueOpened():
            return "The queue is open."
        case floor.ShareTimeChanged(seconds=seconds):
            return f"Each coming share has {in_words(seconds)}."
    return None


def _floor(event: Event, seen: Seen) -> Told:
    match event:
        case floor.Called(who=who, answer_by=answer_by):
            if who == seen.you:
                wait = in_words((answer_by - event.at) / 1000)
                return f"It is your turn: /begin when you are ready, or /pass. You have {wait} to answer."
            return f"{seen.name(who)} is called."
        case floor.Began(who=who, share=share, ends_at=ends_at):
            length = in_words((ends_at - event.at) / 1000)
            if who == seen.you:
                seen.my_share = share
                return f"You have the floor, for {length}. What you type now is your share; /done ends it."
            return f"{seen.name(who)} shares, for {length}."
        case floor.Shared(share=share, text=text):
            if event.by == seen.you:
                return f"[{seen.number_of(share)}] Shared."
            return lines_of(f"[{seen.number_of(share)}] {seen.name(event.by)} shares: ", text)
        case floor.Warned(share=share, left=left):
            return f"{_of(share, 'You have', '{} has', seen)} {in_words(left)} left."
        case floor.TimeUp(share=share, grace_until=until):
            grace = f" within {in_words((until - event.at) / 1000)}" if until is not None else ""
            if _whose(share, seen) == seen.you:
                return f"Your time is up. Please come to an end{grace}."
            return f"The time of {seen.name(_whose(share, seen))} is up."
        case floor.ClockChanged(share=share, ends_at=ends_at, left=left):
            if left is not None:
                return f"The clock stands still, with {in_words(left / 1000)} left."
            return f"{_of(share, 'You have', '{} has', seen)} {in_words(((ends_at or 0) - event.at) / 1000)} left."
        case floor.ShareEnded(who=who, why=why):
            if event.by == seen.you:
                seen.my_share = None
            return _ended(who, why, seen)
    return None


def _ended(who: ParticipantId, why: floor.EndWhy, seen: Seen) -> str:
    match why:
        case "done":
            return "Thank you; your share has ended." if who == seen.you else f"{seen.name(who)} is done."
        case "passed":
            return f"{seen.does(who, 'have', 'has')} passed."
        case "no_answer":
            return f"{seen.does(who, 'have', 'has')} not answered the call."
        case "put_back":
            return f"{seen.does(who, 'are', 'is')} back in the queue."
        case "time":
            return (
                "The time is over; your share has ended."
                if who == seen.you
                else f"The time of {seen.name(who)} is over."
            )
        case _:
            return "Your share has ended." if who == seen.you else f"The share of {seen.name(who)} has ended."


def _whose(share: ShareId, seen: Seen) -> ParticipantId | None:
    on, told = seen.room.floor, seen.room.told.get(share)
    if on is not None and on.id == share:
        return on.who
    return told.who if told is not None else None


def _of(share: ShareId, yours: str, theirs: str, seen: Seen) -> str:
    who = _whose(share, seen)
    if who is None:
        return theirs.format("Who shares")
    return yours if who == seen.you else theirs.format(seen.name(who))


def last_word_at(room: Room) -> int | None:
    """When to say that a share is nearly over (ms); None while its clock does not run, or where the warning says so."""
    share, phase = room.floor, room.current_phase
    if share is None or share.ends_at is None or share.state != "sharing":
        return None
    if phase is not None and LAST_SECONDS <= phase.warn_seconds < 2 * LAST_SECONDS:
        return None
    return share.ends_at - LAST_SECONDS * 1000


def nearly_over(seen: Seen) -> list[str]:
    """For who has the floor and for who keeps the time, `LAST_SECONDS` before its end."""
    share = seen.room.floor
    if share is None or not (share.who == seen.you or seen.role in TIMEKEEPERS):
        return []
    return [f"{seen.does(share.who, 'have', 'has')} {LAST_SECONDS} seconds left."]


def _chat(event: Event, seen: Seen) -> Told:
    match event:
        case chat.Said():
            return _said(event, seen)
        case chat.Unsaid(message=message):
            return f"[{seen.number_of(message)}] was taken back." if seen.was_shown(message) else []
        case chat.Reacted(to=to, emoji=emoji, on=on):
            if event.by == seen.you:
                return f"You {'react' if on else 'no longer react'} {emoji} to [{seen.number_of(to)}]."
            if not on or not _is_mine(to, seen):
                return []
            return f"{seen.name(event.by)} reacts {emoji} to [{seen.number_of(to)}]."
        case chat.Pinned(message=message, said=quote):
            return lines_of(f"[{seen.number_of(message)}] is pinned: {seen.name(quote.by)}: ", quote.text)
        case chat.Unpinned(message=message):
            return f"[{seen.number_of(message)}] is no longer pinned."
        case chat.ChatChanged(mode=mode, every=every):
            return looks.chat_is(mode, every)
        case chat.Celebrated(count=count, unit=unit):
            length = f"{count} {unit if count != 1 else unit.removesuffix('s')}"
            return f"{seen.does(event.by, 'celebrate', 'celebrates')} {length}."
    return None


def _said(event: chat.Said, seen: Seen) -> Told:
    if event.by == seen.you:
        to = {"everyone": "", "service": " to the service team"}.get(event.to)
        to = f" to {seen.name(ParticipantId(event.to))} alone" if to is None else to
        return f"[{seen.number_of(event.message)}] Sent{to}."
    message = chat.Message(event.message, event.seq, event.text, event.to, event.at, event.by, event.reply_to)
    return looks.said(seen, message)


def _is_mine(to: str, seen: Seen) -> bool:
    message = seen.room.messages.get(MessageId(to))
    return (message.by if message is not None else _whose(ShareId(to), seen)) == seen.you


def _safety(event: Event, seen: Seen) -> Told:
    match event:
        case safety.Muted(who=who):
            hint = " You can still write to the service team: /team." if who == seen.you else ""
            return f"{seen.does(who, 'are', 'is')} muted.{hint}"
        case safety.Unmuted(who=who):
            return f"{seen.does(who, 'are', 'is')} no longer muted."
        case safety.Removed(who=who, block=block):
            if who == seen.you:
                return []  # the good-bye says so
            back = " and may not come back to this meeting" if block and seen.serves else ""
            return f"{seen.name(who)} was taken out of the meeting{back}."
        case safety.Unblocked(who=who):
            return f"{seen.name(who)} may come back."
        case safety.HelpAsked():
            if event.by == seen.you:
                return "The service team has heard your call."
            return looks.asked_for_help(seen, event)
        case safety.Reported():
            if event.by == seen.you:
                return "The service team has your report."
            return looks.reported(seen, event)
        case safety.SeenTo():
            if seen.serves:
                return f"{seen.does(event.by, 'have', 'has')} seen to it. /calls lists what is still to be seen to."
            return "You have taken it back." if event.by == seen.you else "The service team has seen to your call."
    told = _WITHOUT_FIELDS.get(type(event))
    return told(seen) if told is not None else None


_WITHOUT_FIELDS: Final[dict[type[Event], Callable[[Seen], str]]] = {
    safety.Locked: lambda _: "The doors are locked; nobody new comes in.",
    safety.Unlocked: lambda _: "The doors are open.",
    safety.Quieted: lambda seen: looks.QUIET + " /unquiet ends it." * seen.serves,
    safety.Unquieted: lambda _: "The room is as it was before the quiet.",
}
