"""What somebody sees who looks around: where the meeting is, who is here, who waits, what is left of the time."""

from client.terminal.seen import Misunderstood, Seen
from client.terminal.text import clock_time, in_words, lines_of
from rooms import floor
from rooms.chat import Message
from rooms.floor import Share
from rooms.formats import Phase
from rooms.safety import HelpAsked, HelpRequest, Reported
from rooms.vocabulary import FACILITATORS, ParticipantId, Role

LATEST = 10  # messages that somebody sees who comes in
KINDS = {"reading": "Reading", "speaker": "Speaker", "round": "Sharing", "silence": "Silence", "open": "Open"}
ROLES: dict[Role, str] = {
    "facilitator": "the facilitator",
    "cofacilitator": "a cofacilitator",
    "timekeeper": "a timekeeper",
    "greeter": "a greeter",
    "member": "a member",
}
QUIET = "The room is quiet: the service team is seeing to something. Time stands still; nobody has lost a place."


def title_of(phase: Phase) -> str:
    return phase.title or KINDS[phase.kind]


def room(seen: Seen) -> list[str]:
    """The whole of it, briefly: for somebody who has just come in, or whose picture of it is new."""
    state = seen.room
    lines = [*_where(seen), *_on_the_floor(seen), *_hands(seen, most=5)]
    if state.chat_mode != "open" and not state.is_quiet:
        lines.append(chat_is(state.chat_mode, state.chat_every))
    if state.locked:
        lines.append("The doors are locked.")
    if seen.serves and state.lobby:
        lines.append(f"At the door: {_names(seen, list(state.lobby))}. /admit NAME or /admit all lets them in.")
    if seen.serves and state.requests:
        lines += calls(seen, "")
    messages = list(state.messages.values())
    fresh = [message for message in messages if not seen.was_shown(message.id)]
    for message in fresh[-LATEST:]:
        lines += said(seen, message)
    return lines


def said(seen: Seen, message: Message) -> list[str]:
    """A message, below its number and who says it to whom."""
    return lines_of(f"[{seen.number_of(message.id)}] {_head(seen, message)}: ", message.text)


def _head(seen: Seen, message: Message) -> str:
    head = seen.subject(message.by)
    if message.to == "service":
        head += " to the service team"
    elif message.to != "everyone":
        whom = "you" if message.to == seen.you else seen.name(ParticipantId(message.to))
        head += f" to {whom} alone"
    if message.reply_to is not None and seen.was_shown(message.reply_to):
        head += f", replying to [{seen.number_of(message.reply_to)}]"
    if message.id in seen.room.pinned:
        head += ", pinned"
    return head


def chat_is(mode: str, every: float | None) -> str:
    match mode:
        case "open":
            return "The chat is open."
        case "slow":
            return f"The chat is slow: a member may say something every {in_words(every or 0)}."
        case "service":
            return "In the chat, only the service team may say something to everyone."
        case _:
            return "The chat is closed."


def _where(seen: Seen) -> list[str]:
    state, now = seen.room, seen.now()
    phase = state.current_phase
    if state.state == "doors":
        can = " /start begins it." if seen.role in FACILITATORS else ""
        at = (
            ""
            if state.waits_for_start or state.starts_at < now
            else f" It starts at {clock_time(state.starts_at, now)}."
        )
        lines = [f"The meeting has not begun yet.{at}{can}"]
    elif phase is None or state.phase is None:
        lines = [f"The meeting is over; the room stays open until {clock_time(state.ends_at, now)}, to talk."]
    else:
        until = f", {_left_of_phase(seen)}" if state.phase_ends_at is not None else ""
        lines = [f"Now: {title_of(phase)}{until}."]
    if state.is_quiet:
        lines.append(QUIET)
    return lines


def _left_of_phase(seen: Seen) -> str:
    ends_at, now = seen.room.phase_ends_at or 0, seen.now()
    if ends_at < now:
        return f"{in_words((now - ends_at) / 1000)} over its time"
    return f"until {clock_time(ends_at, now)}, {in_words((ends_at - now) / 1000)} left"


def _on_the_floor(seen: Seen) -> list[str]:
    share = seen.room.floor
    if share is None:
        return []
    if share.state == "called":
        hint = " /begin when you are ready, or /pass." if share.who == seen.you else ""
        return [f"{seen.does(share.who, 'are', 'is')} called.{hint}"]
    return [f"{seen.does(share.who, 'are', 'is')} sharing, {left_of(share, seen.now())}."]


def left_of(share: Share, now: int) -> str:
    if share.left is not None:
        return f"{in_words(share.left / 1000)} left, and the clock stands still"
    left = ((share.ends_at or now) - now) / 1000
    return f"{in_words(left)} left" if left >= 0 else f"{in_words(-left)} over the time"


def _hands(seen: Seen, most: int) -> list[str]:
    state = seen.room
    phase = state.current_phase
    if phase is None:
        return []
    hands, now = state.queue.hands, seen.now()
    is_open = "The queue is open" if state.queue_is_open else "The queue is closed"
    fits = floor.fits(state, now)
    room_for = "" if fits is None else f", and there is time for {fits or 'no'} more"
    lines = [f"{is_open}; each share has {in_words(state.queue.share_time / 1000)}{room_for}."]
    start = floor.next_start(state, now)
    for place, hand in enumerate(hands[:most]):
        topic = f" ({hand.topic})" if hand.topic else ""
        has_time = fits is None or place < fits
        expected = start + place * state.queue.share_time
        about = f"about {clock_time(expected, now)}" if has_time else "there may be no time"
        away = hand.who in state.participants and state.participants[hand.who].presence == "away"
        lines.append(f"  {place + 1}. {seen.subject(hand.who)}{topic}, {about}{', away just now' if away else ''}")
    if len(hands) > most:
        lines.append(f"  and {len(hands) - most} more; /queue lists them all.")
        mine = floor.place_of(state, seen.you)
        if mine is not None and mine >= most:
            lines.append(f"  You are number {mine + 1}.")
    return lines


def _names(seen: Seen, people: list[ParticipantId], most: int = 20) -> str:
    more = f" and {len(people) - most} more" if len(people) > most else ""
    return ", ".join(seen.subject(who) for who in people[:most]) + more


# What /who, /queue, /agenda, /read and /time answer


def who(seen: Seen, _rest: str) -> list[str]:
    state = seen.room
    count = len(state.participants)
    discreet = state.format.roster == "service" and not seen.serves
    lines = ["The service team, you, and whoever has the floor:" if discreet else f"{count} here:"]
    for person in state.participants.values():
        notes: list[str] = [person.role] if person.role != "member" else []
        notes += ["away just now"] if person.presence == "away" else []
        notes += ["without a device"] if not person.device else []
        notes += ["muted"] if person.muted else []
        notes += ["has the floor"] if state.floor is not None and state.floor.who == person.id else []
        place = floor.place_of(state, person.id)
        notes += [f"hand raised, number {place + 1}"] if place is not None else []
        you = " (you)" if person.id == seen.you else ""
        lines.append(f"  @{seen.number(person.id)} {', '.join([person.name + you, *notes])}")
    if seen.serves:
        lines += [f"  at the door: @{seen.number(knock.id)} {knock.name}" for knock in state.lobby.values()]
        lines += [f"  blocked: @{seen.number(blocked.id)} {blocked.name}" for blocked in state.blocked.values()]
    return lines


def calls(seen: Seen, _rest: str) -> list[str]:
    """What was asked of the service team and nobody has seen to; of others their own."""
    lines = list[str]()
    for it in seen.room.requests.values():
        lines += asked_for_help(seen, it) if it.kind == "help" else reported(seen, it)
    return [*lines, "/seen NAME says that it is seen to."] if lines else ["Nobody has called the service team."]


def asked_for_help(seen: Seen, it: HelpAsked | HelpRequest) -> list[str]:
    return lines_of(f"{seen.name(it.by)} asks the service team for help: ", it.text or "(no words)")


def reported(seen: Seen, it: Reported | HelpRequest) -> list[str]:
    what = [] if it.who is None else [seen.name(it.who)]
    what += [] if it.message is None else [f"[{seen.number_of(it.message)}]"]
    return lines_of(f"{seen.name(it.by)} reports {' and '.join(what)}: ", it.text or "(no words)")


def queue(seen: Seen, _rest: str) -> list[str]:
    if seen.room.current_phase is None:
        return ["The agenda is not running, and nobody waits."]
    nobody = [] if seen.room.queue.hands else ["Nobody waits."]
    return [*_on_the_floor(seen), *_hands(seen, most=1000), *nobody]


def agenda(seen: Seen, _rest: str) -> list[str]:
    lines = list[str]()
    for index, phase in enumerate(seen.room.format.phase):
        length = f", {in_words(phase.length / 1000)}" if phase.length is not None else ""
        reader = seen.room.assigned.get(index)
        with_ = f", with {seen.subject(reader)}" if reader is not None else ""
        now = ", now" if index == seen.room.phase else ""
        lines.append(f"  {index + 1}. {title_of(phase)}{length}{with_}{now}")
    return [*_where(seen), *lines]


def reading(seen: Seen, rest: str) -> list[str]:
    phases, index = seen.room.format.phase, seen.room.phase
    if rest:
        index = int(rest) - 1 if rest.isdecimal() and len(rest) < 5 else -1
    if index is None or not 0 <= index < len(phases):
        raise Misunderstood("Say which phase, by its number. /agenda lists them.")
    return [title_of(phases[index]), *text_of(phases[index])]


def text_of(phase: Phase) -> list[str]:
    """What is to be read in a phase, and whose words they are."""
    lines = lines_of("    ", phase.text) if phase.text else []
    return [*lines, f"    {phase.credit}"] if phase.credit else lines


def time(seen: Seen, _rest: str) -> list[str]:
    state, now = seen.room, seen.now()
    lines = [*_where(seen), *_on_the_floor(seen)]
    if state.state in {"running", "fellowship"}:
        what = "The meeting" if state.state == "running" else "The room"
        verb = "is to end" if state.ends_at >= now else "was to end"
        lines.append(f"{what} {verb} at {clock_time(state.ends_at, now)}.")
    return lines
