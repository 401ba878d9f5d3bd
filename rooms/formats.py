"""A meeting's format: how long its doors stand open, what its phases are, and what may be done in each.

The same object comes from TOML in `config/formats/` and from the HTTP API; what is decoded is valid (protocol.md,
"Meeting formats").
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from rooms.vocabulary import ChatMode

PhaseKind = Literal["reading", "speaker", "round", "silence", "open"]
Order = Literal["hands", "fifo", "circle", "pick"]
QueueRule = Literal["open", "closed"]
Crosstalk = Literal["off", "reactions", "chat"]
DirectMessages = Literal["off", "service", "everyone"]
History = Literal["from_join", "all"]
Roster = Literal["everyone", "service"]
Unattended = Literal["run", "wait", "quiet"]

DAY_SECONDS = 24 * 3600
Seconds = Annotated[float, Meta(ge=0, le=DAY_SECONDS)]
PositiveSeconds = Annotated[float, Meta(gt=0, le=DAY_SECONDS)]
Minutes = Annotated[float, Meta(ge=0, le=24 * 60)]
ShareSeconds = Annotated[float, Meta(ge=0.1, le=DAY_SECONDS)]
PositiveMinutes = Annotated[float, Meta(gt=0, le=24 * 60)]
Title = Annotated[str, Meta(max_length=200)]
PhaseText = Annotated[str, Meta(max_length=20_000)]
Post = Annotated[str, Meta(min_length=1, max_length=2_000)]
Emoji = Annotated[str, Meta(min_length=1, max_length=16)]


class Phase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of the agenda. Give its length as `seconds` or as `minutes`; without either it has no end of its own."""

    kind: PhaseKind
    title: Title = ""
    text: PhaseText = ""
    credit: Title = ""
    seconds: PositiveSeconds | None = None
    minutes: PositiveMinutes | None = None
    advance: Literal["manual", "auto"] = "manual"
    chat: ChatMode | None = None
    queue: QueueRule | None = None
    post: Annotated[tuple[Post, ...], Meta(max_length=10)] = ()
    share_seconds: ShareSeconds = 180
    warn_seconds: Seconds = 60
    grace_seconds: Seconds = 30
    hard_stop: bool = True
    reserve_seconds: Seconds = 0
    order: Order = "hands"
    auto_call: bool = False

    def __post_init__(self) -> None:
        if self.seconds is not None and self.minutes is not None:
            raise ValueError("Give either seconds or minutes, not both")

    @property
    def length(self) -> int | None:
        """The phase's length in milliseconds, if it has one."""
        seconds = self.minutes * 60 if self.minutes is not None else self.seconds
        return None if seconds is None else round(seconds * 1000)

    @property
    def queue_rule(self) -> QueueRule:
        return self.queue or ("open" if self.kind in {"round", "open"} else "closed")


class Words(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a group calls its things: each a word of a short list, for sentences hang on it in six languages."""

    facilitator: Literal["facilitator", "chair", "host", "convenor"] = "facilitator"
    share: Literal["share", "check_in"] = "share"


class Format(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules of a meeting, and its phases in order."""

    title: Title = ""
    doors_minutes: Minutes = 15
    fellowship_minutes: Minutes = 15
    waiting_room: bool = False
    admit_after_seconds: Seconds | None = None
    emoji: Annotated[tuple[Emoji, ...], Meta(max_length=24)] = ("❤️", "🙏", "👏", "😂", "💪")
    alone_seconds: Seconds = 60
    overrun_minutes: Minutes = 60
    unattended: Unattended = "run"
    runs_itself: bool = False
    history: History = "from_join"
    roster: Roster = "everyone"
    chat: ChatMode = "open"
    crosstalk: Crosstalk = "reactions"
    direct_messages: DirectMessages = "service"
    words: Words | None = None  # the usual ones
    capacity: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    away_seconds: Seconds = 120
    answer_seconds: PositiveSeconds = 30
    phase: Annotated[tuple[Phase, ...], Meta(min_length=1, max_length=50)]

    @property
    def doors(self) -> int:
        """How long before the start the doors open, in milliseconds."""
        return round(self.doors_minutes * 60_000)

    @property
    def fellowship(self) -> int:
        """How long the room stays open after the end, in milliseconds."""
        return round(self.fellowship_minutes * 60_000)

    @property
    def overrun(self) -> int:
        """How long an attended room may go on past its end, in milliseconds."""
        return round(self.overrun_minutes * 60_000)

    @property
    def alone(self) -> int:
        """How long the service team may be missing before the room counts as unattended, in milliseconds."""
        return round(self.alone_seconds * 1000)
