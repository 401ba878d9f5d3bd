"""What travels: the messages beside commands and events, and bytes from and to both subprotocols (docs/protocol.md)."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal, Union

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from rooms.chat import Typing
from rooms.room import WireCommand
from rooms.view import RoomView
from rooms.vocabulary import DEVICE_LENGTH, Code, Command, ParticipantId, Refused, Role
from server.frames import frame

SUBPROTOCOLS: Final = {"openchair.v1.msgpack": False, "openchair.v1.json": True}
"""The subprotocols, and whether their messages are text."""


class Hello(Struct, frozen=True):
    t: Literal["hello"]  # not a tag, without which msgspec would take a lone type, too
    name: str | None = None
    key: str | None = None
    passcode: str | None = None
    seat: str | None = None
    device: Annotated[str, Meta(max_length=DEVICE_LENGTH)] | None = None
    epoch: str | None = None
    since: int | None = None
    tag: str | None = None


class Message(Struct, kw_only=True, tag_field="t"):
    """What the server says to one client; not in the log."""


class Envelope(Struct):
    """What a message is, and which; read of one whose fields cannot be."""

    t: Any = None
    id: Any = None


class Welcome(Message, tag="welcome"):
    you: ParticipantId
    seat: str
    role: Role
    epoch: str
    seq: int
    tag: str
    now: int
    last: int
    resumed: bool
    lost: bool | UnsetType = UNSET
    room: Raw | UnsetType = UNSET


class Snapshot(Message, tag="snapshot"):
    epoch: str
    seq: int
    tag: str
    now: int
    room: RoomView
    lost: bool | UnsetType = UNSET


class MeetingName(Struct, frozen=True):
    slug: str
    name: str


class Waiting(Message, tag="waiting"):
    reason: Literal["doors", "admission"]
    now: int
    meeting: MeetingName
    place: int | UnsetType = UNSET
    opens_at: int | UnsetType = UNSET


class RefusedMessage(Message, tag="refused"):
    code: Code
    message: str
    id: int | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


class Ack(Message, tag="ack"):
    id: int
    seq: int


class TypingNews(Message, tag="typing"):
    who: ParticipantId
    on: bool


class Ping(Struct, frozen=True, tag_field="t", tag="ping"):
    """Is anybody there? Neither a command nor news: only whoever asks hears the answer."""


class Pong(Message, tag="pong"):
    now: int


def refused(refusal: Refused, command: int = 0) -> RefusedMessage:
    """The refusal as a message; of a command with that id, or of a `hello`."""
    after = UNSET if refusal.retry_after is None else round(refusal.retry_after, 3)
    return RefusedMessage(code=refusal.code, message=refusal.message, id=command or UNSET, retry_after=after)


_Incoming: Final[Any] = Union[(*WireCommand.__args__, Typing, Ping)]

_encoders: Final[dict[bool, Callable[[Any], bytes]]] = {
    False: msgspec.msgpack.Encoder().encode,
    True: msgspec.json.Encoder().encode,
}
_commands: Final[dict[bool, Callable[[bytes], Command | Typing | Ping]]] = {
    False: msgspec.msgpack.Decoder(_Incoming).decode,
    True: msgspec.json.Decoder(_Incoming).decode,
}
_hellos: Final[dict[bool, Callable[[bytes], Hello]]] = {
    False: msgspec.msgpack.Decoder(Hello).decode,
    True: msgspec.json.Decoder(Hello).decode,
}
# These pass over texts with half a character in them, as web pages cut them, so that the refusal has its command's id.
_envelopes: Final[dict[bool, Callable[[bytes], Envelope]]] = {
    False: msgspec.msgpack.Decoder(Envelope).decode,
    True: lambda payload: msgspec.convert(json.loads(payload), Envelope),
}
_names: Final = {command.__struct_config__.tag for command in (*WireCommand.__args__, Typing, Ping)}


def encode(value: Any, text: bool) -> bytes:
    """One value in the subprotocol's encoding."""
    return _encoders[text](value)


def framed(messages: Sequence[Any], text: bool) -> bytes:
    """Messages and events as one finished frame: an array of maps, in order."""
    return frame(_encoders[text](messages), text=text)


def decode_hello(payload: bytes, text: bool) -> Hello:
    """Raises `ValueError`: not a `hello`."""
    return _hellos[text](payload)


def decode_command(payload: bytes, text: bool) -> Command | Typing | Ping:
    """Raises `BadCommand`."""
    try:
        command = _commands[text](payload)
    except ValueError as error:  # of msgspec, and of bytes that are no UTF-8
        raise _explained(payload, text, error) from None
    except RecursionError:
        raise BadCommand(Refused("bad_message", "The message is nested too deeply.")) from None
    if isinstance(command, Command) and not command.id:
        raise BadCommand(Refused("bad_message", "A command needs an id: a whole number from 1 on."))
    return command


class BadCommand(Exception):  # noqa: N818
    """The message is no command; `refusal` says why, `command` is its id if that can be read."""

    def __init__(self, refusal: Refused, command: int = 0) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.command = command


def _explained(payload: bytes, text: bool, error: ValueError) -> BadCommand:
    """Look again, slowly, at what could not be decoded."""
    try:
        envelope = _envelopes[text](payload)
    except (ValueError, RecursionError):
        envelope = Envelope()
    t, given = envelope.t, envelope.id
    if not isinstance(t, str):
        return BadCommand(Refused("bad_message", "Expected one map with its type in `t`."))
    command = given if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 2**53 else 0
    reason = str(error)
    if t == "hello":
        refusal = Refused("bad_message", "You have said hello already.")
    elif t not in _names:
        refusal = Refused("unknown_command", "This server does not know that command.")
    elif "of length <=" in reason and ("$.text" in reason or "$.topic" in reason):
        refusal = Refused("too_long", "The text is too long.")
    elif "of length <=" in reason and "$.name" in reason:
        refusal = Refused("bad_name", "The name is too long.")
    else:
        refusal = Refused("bad_message", f"The command is malformed: {reason}")
    return BadCommand(refusal, command)
