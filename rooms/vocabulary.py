"""The words that every subject shares: ids, roles, the bases of commands and events, `Refused`.

Times are milliseconds since the epoch on the room's clock; names that end in `_seconds` or `_minutes` have those units.
"""

import math
import re
import unicodedata
from typing import Annotated, ClassVar, Final, Literal, NewType

from msgspec import Meta, Struct

ParticipantId = NewType("ParticipantId", str)
MessageId = NewType("MessageId", str)
ShareId = NewType("ShareId", str)
RequestId = NewType("RequestId", str)
RoomId = NewType("RoomId", str)

Role = Literal["facilitator", "cofacilitator", "timekeeper", "greeter", "member"]
Presence = Literal["here", "away"]
ChatMode = Literal["open", "slow", "service", "closed"]

FACILITATORS: Final = frozenset[Role]({"facilitator", "cofacilitator"})
TIMEKEEPERS: Final = frozenset[Role]({*FACILITATORS, "timekeeper"})
GREETERS: Final = frozenset[Role]({*FACILITATORS, "greeter"})
SERVICE: Final = TIMEKEEPERS | GREETERS

Code = Literal[
    "bad_message",
    "unknown_command",
    "bad_name",
    "bad_key",
    "bad_passcode",
    "not_allowed",
    "not_now",
    "not_your_turn",
    "no_such_participant",
    "no_such_message",
    "no_such_phase",
    "already_queued",
    "queue_closed",
    "chat_closed",
    "muted",
    "too_long",
    "too_fast",
    "locked",
    "full",
    "blocked",
    "denied",
    "ended",
    "no_such_room",
    "unavailable",
]

NAME_LENGTH: Final = 40
DEVICE_LENGTH: Final = 64
TOPIC_LENGTH: Final = 80
MESSAGE_LENGTH: Final = 2_000
PARAGRAPH_LENGTH: Final = 4_000
MAX_COMMAND_ID: Final = 2**53 - 1

Who = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=200)]  # `clean_name` has the last word, with a code of its own
MessageText = Annotated[str, Meta(min_length=1, max_length=MESSAGE_LENGTH)]
ParagraphText = Annotated[str, Meta(min_length=1, max_length=PARAGRAPH_LENGTH)]
Topic = Annotated[str, Meta(max_length=TOPIC_LENGTH)]
CommandId = Annotated[int, Meta(ge=1, le=MAX_COMMAND_ID)]


class Refused(Exception):  # noqa: N818 - protocol.md's word
    """A rule said no, and nothing changed.

    `code` is a promise to programs, `message` one plain sentence for a person; `retry_after` is in seconds.
    """

    def __init__(self, code: Code, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.code: Code = code
        self.message = message
        self.retry_after = retry_after


def snake(name: str) -> str:
    """`HandRaised` as `hand_raised`: the code's name as the wire has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Command(Struct, frozen=True, kw_only=True, tag_field="t", tag=snake):
    """What a participant asks for. `id` is 0 where it does not come from the wire."""

    id: CommandId = 0


class Request(Struct, frozen=True, kw_only=True):
    """What the server itself asks of a room: somebody connects, a deadline has come. Never on the wire."""


class Tick(Request, frozen=True):
    """A deadline may have come. Carried out until it has nothing more to say."""


class Event(Struct, gc=False, kw_only=True, omit_defaults=True, tag_field="t", tag=snake):
    """What happened. `decide` sets `at` and `by`; the log sets `seq` and `tag`.

    `by` is absent where the room itself did it. An event that `moves` changes what later commands may do; talk does
    not, so that two people talking at once never stand in each other's way. None holds itself, so the collector, which
    would look at all that a room remembers again and again, may pass it by.
    """

    moves: ClassVar[bool] = True

    seq: int = 0
    tag: str = ""
    at: int = 0
    by: ParticipantId | None = None


class Audience(Struct, frozen=True, omit_defaults=True):
    """Who may see an event: everyone, or the service team and the participants named."""

    everyone: bool = False
    service: bool = False
    who: tuple[ParticipantId, ...] = ()


ROOM: Final = ParticipantId("")
"""`by` of what the room itself says though somebody's command was the occasion; absent on the wire."""

EVERYONE: Final = Audience(everyone=True)
SERVICE_TEAM: Final = Audience(service=True)
NOBODY: Final = Audience()


# "Cn" is not among them: what this Python does not know yet may be an emoji of this year's phones.
_UNSEEN_IN_A_NAME = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # needed to write Persian, Hindi and many emoji


def clean_name(name: str) -> str:
    """The name as others will see it: trimmed and in NFC. Raises `Refused("bad_name")`."""
    name = unicodedata.normalize("NFC", name).strip()
    if any(unicodedata.category(c) in _UNSEEN_IN_A_NAME and c not in _JOINERS for c in name):
        raise Refused("bad_name", "The name has a character in it that cannot be shown.")
    if not name.strip(_JOINERS):
        raise Refused("bad_name", "Please give a name; a first name or any other name will do.")
    if len(name) > NAME_LENGTH:
        raise Refused("bad_name", f"The name is too long; {NAME_LENGTH} characters are enough.")
    return name


def milliseconds(seconds: float, least: float, most: float) -> int:
    """`seconds` in milliseconds. Raises `Refused("bad_message")` outside of `least` to `most` seconds."""
    if not (math.isfinite(seconds) and least <= seconds <= most):
        raise Refused("bad_message", f"Expected {least:g} to {most:g} seconds.")
    return round(seconds * 1000)


def written(text: str) -> str:
    """`text` as it will be shown, without space at its ends. Raises `Refused("bad_message")` if nothing is left."""
    text = text.strip()
    if not text:
        raise Refused("bad_message", "There is nothing written here.")
    return text
