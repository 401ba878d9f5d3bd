"""The chat: saying and taking back, reactions, pins, modes, milestones."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from rooms import floor
from rooms.formats import Phase
from rooms.vocabulary import (
    EVERYONE,
    GREETERS,
    ROOM,
    SERVICE,
    Audience,
    ChatMode,
    Command,
    Event,
    MessageId,
    MessageText,
    ParticipantId,
    Refused,
    ShareId,
    Who,
    milliseconds,
    written,
)

if TYPE_CHECKING:
    from rooms.floor import Told
    from rooms.presence import Participant
    from rooms.room import Room

SLOW_SECONDS: Final = 10.0  # between two messages of a member, where nobody said otherwise
MOST_SLOW_SECONDS: Final = 3600.0

Unit = Literal["days", "months", "years"]


class Message(Struct, gc=False, omit_defaults=True):
    id: MessageId
    seq: int
    text: str
    to: str
    at: int
    by: ParticipantId | None = None
    reply_to: MessageId | None = None
    name: str | None = None
    audience: Audience = EVERYONE
    reactions: dict[str, int] = field(default_factory=dict)
    reactors: dict[str, list[ParticipantId]] = field(default_factory=dict)
    pinned_at: tuple[int, ...] = ()  # the sequence numbers of the events that quote it


class Celebration(Struct, omit_defaults=True):
    by: ParticipantId
    count: int
    unit: Unit
    at: int
    name: str | None = None


class Said(Event):
    moves: ClassVar[bool] = False

    message: MessageId
    text: str
    to: str
    reply_to: MessageId | None = None
    name: str | None = None


class Unsaid(Event):
    moves: ClassVar[bool] = False

    message: str  # of a share: all its paragraphs


class Reacted(Event):
    moves: ClassVar[bool] = False

    to: str
    emoji: str
    on: bool


class Quote(Struct, omit_defaults=True):
    """What was said, for those who came after it."""

    text: str
    at: int
    by: ParticipantId | None = None
    reply_to: MessageId | None = None
    name: str | None = None
    reactions: dict[str, int] = field(default_factory=dict)


class Pinned(Event):
    message: MessageId
    said: Quote


class Unpinned(Event):
    message: MessageId


class ChatChanged(Event):
    mode: ChatMode
    every: float | None = None


class Celebrated(Event):
    moves: ClassVar[bool] = False

    count: int
    unit: Unit
    name: str | None = None


class Say(Command, frozen=True):
    text: MessageText
    to: Who = "everyone"
    reply_to: Who | None = None


class Unsay(Command, frozen=True):
    message: Who


class React(Command, frozen=True):
    to: Who
    emoji: Annotated[str, Meta(max_length=64)]
    on: bool


class Pin(Command, frozen=True):
    message: Who


class Unpin(Command, frozen=True):
    message: Who


class Chat(Command, frozen=True):
    mode: ChatMode
    every: float | None = None


class Celebrate(Command, frozen=True):
    count: Annotated[int, Meta(ge=1, le=100_000)]
    unit: Unit


class Typing(Struct, frozen=True, tag_field="t", tag="typing"):
    """Somebody is writing. Never in the log, so neither a command nor an event."""

    on: bool


def decide_say(room: Room, command: Say, by: ParticipantId, now: int) -> list[Event]:
    author = room.find(by)
    if author.muted and command.to != "service":
        raise Refused("muted", "You are muted just now. You may write to the service team.")
    if command.to == "everyone":
        check_may_speak(room, author, now)
    elif command.to == "service":
        if room.format.direct_messages == "off" and author.role not in SERVICE:
            raise Refused("not_allowed", "This meeting has no private messages.")
    else:
        _check_may_write_to(room, author, command.to)
    reply_to = None if command.reply_to is None else message_for(room, command.reply_to, author).id
    message = MessageId(f"{by}-{command.id}")
    return [Said(message, written(command.text), command.to, reply_to, room.name_for_the_discreet(by))]


def check_may_speak(room: Room, author: Participant, now: int) -> None:
    """Whether `author` may say something to everyone now (protocol.md, "Who may speak when"). Raises `Refused`."""
    mode, serves = room.effective_chat_mode, author.role in SERVICE
    if mode == "closed" or (mode == "service" and not serves):
        raise Refused("chat_closed", "The chat is closed just now.")
    if serves:
        return
    if room.format.crosstalk != "chat" and _listens(room, author.id):
        raise Refused("chat_closed", "Somebody is sharing; the chat opens again afterwards.")
    if mode == "slow" and (wait := author.said_at + round(room.chat_every * 1000) - now) > 0:
        raise Refused("too_fast", "The chat is slow just now; please wait a little.", wait / 1000)


def _listens(room: Room, who: ParticipantId) -> bool:
    return room.floor is not None and room.floor.state != "called" and room.floor.who != who


def _check_may_write_to(room: Room, author: Participant, to: str) -> None:
    reader = room.find(to)
    allowed = room.format.direct_messages
    if not reader.device or allowed == "off" or (allowed == "service" and not {author.role, reader.role} & SERVICE):
        raise Refused("not_allowed", "You cannot write to this person alone in this meeting.")


def message_for(room: Room, message: str, reader: Participant) -> Message:
    """The message, if `reader` may see it. Raises `Refused("no_such_message")`."""
    found = room.messages.get(MessageId(message))
    if found is None or not room.may_see(reader.id, found.seq, found.audience):
        raise Refused("no_such_message", "There is no such message.")
    return found


def decide_unsay(room: Room, command: Unsay, by: ParticipantId, now: int) -> list[Event]:
    taker = room.find(by)
    if told := room.told.get(ShareId(command.message)):
        if not told.written_at:
            raise Refused("no_such_message", "Nothing was written in this share.")
        author: ParticipantId | None = told.who
    else:
        author = message_for(room, command.message, taker).by
    if author != by:
        room.require(by, GREETERS)
        if author is not None and taker.role == "greeter" and room.role_of(author) != "member":
            raise Refused("not_allowed", "Greeters take back what members said only.")
    return [Unsaid(command.message)]


def forgotten_by(room: Room, event: Event) -> list[int]:
    """The sequence numbers of the events whose text `event` takes back; ask before it is evolved."""
    if not isinstance(event, Unsaid):
        return []
    if message := room.messages.get(MessageId(event.message)):
        return [message.seq, *message.pinned_at]
    told = room.told.get(ShareId(event.message))
    return list(told.written_at) if told else []


def blanked(event: Event) -> Event:
    """The event as the log keeps it when its text was taken back: it says nothing, and replays to the same state."""
    match event:
        case Said() | floor.Shared():
            return replace(event, text="")
        case Pinned():
            return replace(event, said=replace(event.said, text=""))
    raise ValueError(f"{type(event).__name__} has no text to take back")


def decide_react(room: Room, command: React, by: ParticipantId, now: int) -> list[Event]:
    reader = room.find(by)
    if command.emoji not in room.format.emoji:
        raise Refused("bad_message", "This meeting does not offer that reaction.")
    if reader.muted:
        raise Refused("muted", "You are muted just now. You may write to the service team.")
    listens = room.is_quiet or (room.format.crosstalk == "off" and _listens(room, by))
    if listens and reader.role not in SERVICE:
        raise Refused("not_now", "Please listen; reactions are possible again afterwards.")
    reacted_to: Message | Told | None = room.told.get(ShareId(command.to))
    if reacted_to is None:
        reacted_to = message_for(room, command.to, reader)
    if (by in reacted_to.reactors.get(command.emoji, ())) == command.on:
        return []
    return [Reacted(command.to, command.emoji, command.on)]


def decide_pin(room: Room, command: Pin, by: ParticipantId, now: int) -> list[Event]:
    message = _pinnable(room, command.message, by)
    if message.id in room.pinned:
        return []
    if len(room.pinned) >= room.limits.pins:
        raise Refused("full", "Too many messages are pinned already.")
    m = message
    return [Pinned(m.id, Quote(m.text, m.at, m.by, m.reply_to, m.name, dict(m.reactions)))]


def decide_unpin(room: Room, command: Unpin, by: ParticipantId, now: int) -> list[Event]:
    message = _pinnable(room, command.message, by)
    return [Unpinned(message.id)] if message.id in room.pinned else []


def _pinnable(room: Room, message: str, by: ParticipantId) -> Message:
    found = message_for(room, message, room.require(by, GREETERS))
    if not found.audience.everyone:
        raise Refused("not_allowed", "Only what was said to everyone can be pinned.")
    return found


def decide_chat(room: Room, command: Chat, by: ParticipantId, now: int) -> list[Event]:
    room.require(by, GREETERS)
    if room.is_quiet:
        raise Refused("not_now", "The room is quiet just now.")
    every = None
    if command.mode == "slow":
        wanted = SLOW_SECONDS if command.every is None else command.every
        every = milliseconds(wanted, 0, MOST_SLOW_SECONDS) / 1000
    if command.mode == room.chat_mode and (every is None or every == room.chat_every):
        return []
    return [ChatChanged(command.mode, every)]


def decide_celebrate(room: Room, command: Celebrate, by: ParticipantId, now: int) -> list[Event]:
    participant = room.find(by)
    if participant.muted:
        raise Refused("muted", "You are muted just now. You may write to the service team.")
    if room.is_quiet and participant.role not in SERVICE:
        raise Refused("not_now", "The room is quiet just now.")
    return [Celebrated(command.count, command.unit, room.name_for_the_discreet(by))]


def enter_phase(room: Room, phase: Phase) -> list[Event]:
    """The mode that the phase sets, and what the room itself says when it begins."""
    posts = (
        Said(MessageId(f"p{room.posts + n}"), text, "everyone", by=ROOM) for n, text in enumerate(phase.post, start=1)
    )
    return [*_set_mode(room, phase.chat or room.format.chat), *posts]


def leave_agenda(room: Room) -> list[Event]:
    """The agenda is over: the chat is as the format has it."""
    return _set_mode(room, room.format.chat)


def _set_mode(room: Room, mode: ChatMode) -> list[Event]:
    return [] if mode == room.chat_mode else [ChatChanged(mode, SLOW_SECONDS if mode == "slow" else None)]


def on_said(room: Room, event: Said) -> None:
    room.messages[event.message] = Message(
        event.message,
        event.seq,
        event.text,
        event.to,
        event.at,
        event.by,
        event.reply_to,
        event.name,
        audience_of_message(event),
    )
    if event.by is None:
        room.posts += 1
    elif event.to == "everyone" and (author := room.participants.get(event.by)):
        author.said_at = event.at
    if len(room.messages) > room.limits.messages:
        oldest = next(message for message in room.messages if message not in room.pinned)
        del room.messages[oldest]


def audience_of_message(event: Said) -> Audience:
    """Everyone; or the service team and the author; or the two."""
    if event.to == "everyone":
        return EVERYONE
    author = () if event.by is None else (event.by,)
    if event.to == "service":
        return Audience(service=True, who=author)
    return Audience(who=(*author, ParticipantId(event.to)))


def on_unsaid(room: Room, event: Unsaid) -> None:
    message = MessageId(event.message)
    if room.messages.pop(message, None) is not None and message in room.pinned:
        room.pinned.remove(message)
    if told := room.told.get(ShareId(event.message)):
        told.written_at = []
    if room.floor is not None and room.floor.id == event.message:
        room.floor.paragraphs = []


def on_reacted(room: Room, event: Reacted) -> None:
    message, told = room.messages.get(MessageId(event.to)), room.told.get(ShareId(event.to))
    counts = None
    if message is not None:
        counts = message.reactions
    elif room.floor is not None and room.floor.id == event.to:
        counts = room.floor.reactions
    if counts is not None:
        counts[event.emoji] = counts.get(event.emoji, 0) + (1 if event.on else -1)
        if counts[event.emoji] <= 0:
            del counts[event.emoji]
    reacted_to = message or told
    if reacted_to is not None and event.by is not None:
        reactors = reacted_to.reactors.setdefault(event.emoji, [])
        if event.on:
            insort(reactors, event.by)  # in an order that does not tell who was first: two workers may not agree
        elif event.by in reactors:
            reactors.remove(event.by)


def on_pinned(room: Room, event: Pinned) -> None:
    room.pinned.append(event.message)
    message, said = room.messages.get(event.message), event.said
    if message is None:  # said before this part of the room was seen
        message = Message(
            event.message, event.seq, said.text, "everyone", said.at, said.by, said.reply_to, said.name,
            reactions=dict(said.reactions),
        )  # fmt: skip
        in_order = sorted([*room.messages.values(), message], key=lambda it: it.at)
        room.messages = {it.id: it for it in in_order}
    message.pinned_at = (*message.pinned_at, event.seq)


def on_unpinned(room: Room, event: Unpinned) -> None:
    if event.message in room.pinned:
        room.pinned.remove(event.message)


def on_chat_changed(room: Room, event: ChatChanged) -> None:
    room.chat_mode = event.mode
    if event.every is not None:
        room.chat_every = event.every


def on_celebrated(room: Room, event: Celebrated) -> None:
    if event.by is not None:
        room.celebrations.append(Celebration(event.by, event.count, event.unit, event.at, event.name))
        del room.celebrations[: -room.limits.celebrations]
