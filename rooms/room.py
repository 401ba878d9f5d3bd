"""The room: its state, and how commands become events and events become state.

The state is what `evolve` makes of the log from the blank `Room()`; a client keeps the part of it that it may see with
the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import Any, Final, Literal, Union

from msgspec import Struct, field

from rooms import agenda, chat, floor, presence, safety
from rooms.agenda import Limits
from rooms.chat import SLOW_SECONDS, Celebration, Message
from rooms.floor import Queue, Share, Told
from rooms.formats import Format, Order, Phase
from rooms.presence import Knock, Participant, closed, covers
from rooms.safety import Blocked, HelpRequest, Quiet
from rooms.vocabulary import (
    ROOM,
    Audience,
    ChatMode,
    Command,
    Event,
    MessageId,
    ParticipantId,
    Refused,
    Request,
    RequestId,
    Role,
    RoomId,
    ShareId,
    Tick,
    snake,
)

Alarm = tuple[int, Callable[[int], list[Event]]]
"""A moment (ms), and what the room says when it has come."""


class Room(Struct):
    """One occurrence. Times in milliseconds; the sequence numbers are the log's."""

    id: RoomId = RoomId("")
    slug: str = ""
    name: str = ""
    timezone: str = "UTC"
    format: Format = Format(phase=(Phase(kind="open"),))
    limits: Limits = Limits()

    seq: int = 0
    tag: str = ""
    at: int = 0  # of the last event
    version: int = 0  # the seq of the last event that moved

    state: Literal["doors", "running", "fellowship", "ended"] = "doors"
    doors_at: int = 0
    starts_at: int = 0
    ends_at: int = 0
    waits_for_start: bool = False
    phase: int | None = None
    phase_ends_at: int | None = None
    phase_is_due: bool = False
    assigned: dict[int, ParticipantId] = field(default_factory=dict)

    participants: dict[ParticipantId, Participant] = field(default_factory=dict)
    away: dict[ParticipantId, int] = field(default_factory=dict)  # since when, the longest first
    gone: dict[ParticipantId, Participant] = field(default_factory=dict)  # whose seats may still come back
    service: dict[ParticipantId, bool] = field(default_factory=dict)  # an ordered set
    alone_since: int | None = None  # since when nobody of the service team is here
    lobby: dict[ParticipantId, Knock] = field(default_factory=dict)
    denied: dict[str, int] = field(default_factory=dict)  # until when

    floor: Share | None = None
    queue: Queue = field(default_factory=Queue)
    told: dict[ShareId, Told] = field(default_factory=dict)
    speaker_was_called: bool = False

    chat_mode: ChatMode = "open"
    chat_every: float = SLOW_SECONDS
    messages: dict[MessageId, Message] = field(default_factory=dict)
    pinned: list[MessageId] = field(default_factory=list)
    posts: int = 0
    celebrations: list[Celebration] = field(default_factory=list)

    locked: bool = False
    quiet: Quiet | None = None
    blocked: dict[ParticipantId, Blocked] = field(default_factory=dict)
    requests: dict[RequestId, HelpRequest] = field(default_factory=dict)  # for help, and reports, not seen to yet

    @property
    def facilitator(self) -> ParticipantId | None:
        return next((who for who in self.service if self.participants[who].role == "facilitator"), None)

    @property
    def current_phase(self) -> Phase | None:
        return None if self.phase is None else self.format.phase[self.phase]

    @property
    def phase_order(self) -> Order:
        return "hands" if self.current_phase is None else self.current_phase.order

    @property
    def is_quiet(self) -> bool:
        return self.quiet is not None

    @property
    def is_locked(self) -> bool:
        return self.locked or self.quiet is not None

    @property
    def queue_is_open(self) -> bool:
        return self.queue.is_open and self.quiet is None

    @property
    def effective_chat_mode(self) -> ChatMode:
        return "service" if self.quiet is not None else self.chat_mode

    @property
    def blocked_devices(self) -> set[str]:
        return {blocked.device_id for blocked in self.blocked.values() if blocked.device_id}

    @property
    def unattended_from(self) -> int | None:
        """From when the room counts as unattended if nobody of the service team comes; None while one is here."""
        return None if self.alone_since is None else max(self.alone_since, self.doors_at) + self.format.alone

    @property
    def runs_itself_from(self) -> int | None:
        """From when the room starts, advances, calls and ends by itself; None if it does not."""
        if self.format.runs_itself:
            return 0
        return self.unattended_from if self.format.unattended == "run" else None

    def waits_at(self, at: int) -> bool:
        """Whether nothing moves by itself at `at`, because nobody of the service team is here to see to it."""
        waits = self.format.unattended == "wait" and not self.format.runs_itself
        return waits and self.unattended_from is not None and self.unattended_from <= at

    def find(self, who: str) -> Participant:
        """The participant of that id. Raises `Refused("no_such_participant")`."""
        participant = self.participants.get(ParticipantId(who))
        if participant is None:
            raise Refused("no_such_participant", "Nobody of that id is in this room.")
        return participant

    def require(self, by: ParticipantId, roles: Collection[Role]) -> Participant:
        """The participant `by`, who has one of `roles`. Raises `Refused("not_allowed")`."""
        participant = self.find(by)
        if participant.role not in roles:
            raise Refused("not_allowed", "Your role does not allow that.")
        return participant

    def act_on(self, by: ParticipantId, who: str) -> Participant:
        """`who`, whom `by` wants to lower, mute or remove. Raises `Refused("not_allowed")`."""
        participant = self.find(who)
        self.check_rank(by, participant)
        return participant

    def check_rank(self, by: ParticipantId, participant: Participant) -> None:
        """Nobody acts on the facilitator, greeters and the timekeeper on members only. Raises `Refused`."""
        if participant.role == "facilitator":
            raise Refused("not_allowed", "Nobody does that to the facilitator.")
        if self.find(by).role in {"greeter", "timekeeper"} and participant.role != "member":
            raise Refused("not_allowed", "Your role allows that with members only.")

    def role_of(self, who: ParticipantId) -> Role:
        """The role of somebody who is here or was."""
        participant = self.participants.get(who) or self.gone.get(who)
        return "member" if participant is None else participant.role

    def has_shared(self, who: ParticipantId) -> bool:
        participant = self.participants.get(who)
        return participant is not None and participant.shares > 0

    def name_for_the_discreet(self, who: ParticipantId) -> str | None:
        """The name, where the format's roster lets members see only those who speak; else None."""
        return self.find(who).name if self.format.roster == "service" else None

    def make_known(self, who: ParticipantId, name: str) -> Participant:
        """The participant; in the view of a discreet roster's member perhaps heard of for the first time."""
        participant = self.participants.get(who)
        if participant is None:
            participant = self.participants[who] = Participant(who, name)
        participant.name = name
        return participant

    def take_out(self, who: ParticipantId, seq: int, at: int) -> Participant | None:
        """Take the participant out of the room, and close the spans of what they may look back at."""
        participant = self.participants.pop(who, None)
        if participant is not None:
            self.away.pop(who, None)
            self.service.pop(who, None)
            participant.stays = closed(participant.stays, seq)
            participant.service_spans = closed(participant.service_spans, seq)
            self.notice_who_serves(at)
        return participant

    def notice_who_serves(self, at: int) -> None:
        """Note since when nobody of the service team is here."""
        if any(self.participants[who].presence == "here" for who in self.service):
            self.alone_since = None
        elif self.alone_since is None:
            self.alone_since = at

    def may_see(self, who: ParticipantId, seq: int, audience: Audience) -> bool:
        """Whether `who` belongs to the audience of event `seq`, as it was when that happened."""
        if audience.everyone or who in audience.who:
            return True
        participant = self.participants.get(who)
        return audience.service and participant is not None and covers(participant.service_spans, seq)

    def may_resume(self, who: ParticipantId, since: int) -> bool:
        """Whether `who` has been in the room ever since event `since`, so that what they missed can be told."""
        participant = self.participants.get(who)
        return participant is not None and bool(participant.stays) and participant.stays[-1][0] <= since


def decide(room: Room, command: Command | Request, by: ParticipantId | None, now: int) -> list[Event]:
    """What happens if `by` asks for `command` at `now`; `by` is None for the server's own requests. Changes nothing.

    Raises `Refused`. The events have `at` and `by` set; the log gives them `seq` and `tag`.
    """
    if isinstance(command, Request):
        events: list[Event] = _REQUESTS[type(command)](room, command, now)
    else:
        if room.state == "ended":
            raise Refused("ended", "This meeting is over.")
        if by is None:
            raise ValueError(f"{type(command).__name__} needs somebody who asks for it")
        room.find(by)
        events = _COMMANDS[type(command)](room, command, by, now)
    for event in events:
        event.at = now
        event.by = None if event.by == ROOM else by
    return events


def evolve(room: Room, event: Event) -> None:
    """Apply one numbered event, in place.

    Never refuses, and passes over what a client's part of the room does not know.
    """
    _EVOLUTIONS[type(event)](room, event)
    room.seq, room.tag, room.at = event.seq, event.tag, event.at
    if event.moves:
        room.version = event.seq


def alarms(room: Room) -> Iterator[Alarm]:
    """Every moment at which the room itself has something to say."""
    if room.state == "ended" or not room.id:
        return iter(())
    return chain(presence.alarms(room), safety.alarms(room), floor.alarms(room), agenda.alarms(room))


def next_deadline(room: Room) -> int | None:
    """When `decide(room, Tick(), None, …)` will next have something to say; None if never. May lie in the past."""
    return min((at for at, _ in alarms(room)), default=None)


def _decide_tick(room: Room, ask: Tick, now: int) -> list[Event]:
    due = min(alarms(room), key=lambda alarm: alarm[0], default=None)
    return due[1](now) if due is not None and due[0] <= now else []


_SUBJECTS: Final = (presence, agenda, floor, chat, safety)


def _rules(base: type, prefix: str) -> dict[type, Callable[..., Any]]:
    """Each subject's words of that kind with their rules: `RaiseHand` with `decide_raise_hand`."""
    words = ((subject, word) for subject in _SUBJECTS for word in vars(subject).values() if isinstance(word, type))
    return {
        word: getattr(subject, prefix + snake(word.__name__))
        for subject, word in words
        if issubclass(word, base) and word.__module__ == subject.__name__
    }


_COMMANDS: Final = _rules(Command, "decide_")
_REQUESTS: Final = _rules(Request, "decide_") | {Tick: _decide_tick}
_EVOLUTIONS: Final = _rules(Event, "on_")

WireCommand: Final[Any] = Union[tuple(_COMMANDS)]  # noqa: UP007 - made of what the subjects hold, for decoders
AnyEvent: Final[Any] = Union[tuple(_EVOLUTIONS)]  # noqa: UP007
