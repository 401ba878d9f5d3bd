"""The messages beside events, as a client reads them (docs/protocol.md, "Connecting" and "Commands")."""

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from rooms.room import AnyEvent
from rooms.view import RoomView
from rooms.vocabulary import Code, Event, ParticipantId, Refused

Subprotocol = Literal["openchair.v1.msgpack", "openchair.v1.json"]

MOST_SENT: Final = 16 * 1024  # bytes of one message to the server


class Message(Struct, kw_only=True, tag_field="t"):
    """What the server says to this client; not in the log."""


class Snapshot(Message, tag="snapshot"):
    """Replaces all that the client had; `lost` if something that had been acknowledged is not in it."""

    epoch: str
    seq: int
    tag: str
    now: int
    room: RoomView
    lost: bool = False


class Welcome(Message, tag="welcome"):
    """One is in. `room` is absent where one `resumed`; `lost` as in a `Snapshot`."""

    you: ParticipantId
    seat: str
    epoch: str
    seq: int
    tag: str
    now: int
    last: int
    room: RoomView | None = None
    lost: bool = False


class MeetingName(Struct):
    slug: str
    name: str


class Waiting(Message, tag="waiting"):
    """Not in the room yet: its doors open at `opens_at` (ms), or somebody has to admit, and one's `place` is this."""

    reason: Literal["doors", "admission"]
    now: int
    meeting: MeetingName
    place: int | None = None
    opens_at: int | None = None


class Ack(Message, tag="ack"):
    id: int
    seq: int


class Refusal(Message, tag="refused"):
    """Of the command `id`, or of the `hello`."""

    code: str
    message: str
    id: int = 0
    retry_after: float | None = None

    @property
    def error(self) -> Refused:
        code: Code = self.code  # type: ignore[assignment]  # a newer server may have codes that this client has not
        return Refused(code, self.message, self.retry_after)


class TypingNews(Message, tag="typing"):
    who: ParticipantId
    on: bool


_WORDS: Final[dict[str, type[Event] | type[Message]]] = {
    str(word.__struct_config__.tag): word for word in (*Message.__subclasses__(), *AnyEvent.__args__)
}


class Codec:
    """Bytes from and to one of the subprotocols."""

    def __init__(self, subprotocol: Subprotocol) -> None:
        self._text = subprotocol == "openchair.v1.json"
        self._format: Any = msgspec.json if self._text else msgspec.msgpack

    def encode(self, message: Any) -> str | bytes:
        data: bytes = self._format.encode(message)
        return data.decode() if self._text else data

    def decode(self, payload: str | bytes) -> "list[Event | Message]":
        """The messages of one frame, in order. An event of a kind that is new to us is a bare `Event`; the rest that
        is new is passed over. Raises `msgspec.ValidationError` for what breaks the protocol."""
        read = list[Event | Message]()
        for message in self._format.decode(payload, type=list[dict[str, Any]]):
            word = _WORDS.get(message.get("t", ""))
            if word is not None:
                read.append(msgspec.convert(message, word))
            elif "seq" in message and "tag" in message:
                read.append(Event(**{name: message[name] for name in ("seq", "tag", "at") if name in message}))
        return read
