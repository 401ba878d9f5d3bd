"""A room over the wire, for Python: connect, ask, listen. It speaks docs/protocol.md and nothing else.

    async with connect("https://rooms.example.org/r/circle", name="Robin") as room:
        await room.raise_hand(topic="sleep")
        async for event in room.events():
            ...

When the line breaks it comes back by itself, resumes where it was, and asks again, once, for what was not answered.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from weakref import WeakSet

import websockets
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol as WebSocketSubprotocol

from client.coming_back import Closed, Delays, is_for_good
from client.commands import Commands
from client.events import Events
from client.links import Place, place_of
from client.wire import MOST_SENT, Ack, Codec, Message, Refusal, Snapshot, Subprotocol, TypingNews, Waiting, Welcome
from rooms.chat import Said, Typing
from rooms.presence import Participant
from rooms.room import Room, evolve
from rooms.view import RoomView, restore, view
from rooms.vocabulary import Command, Event, ParticipantId, Refused, Role

MOST_RECEIVED: Final = 64 * 2**20  # bytes of one frame; the snapshot of a large room has a few million

# At level DEBUG the library logs every frame, the hello with its key included. Nothing of a room belongs in a log.
_SILENT: Final = logging.getLogger("client.room.websocket")
_SILENT.disabled = True


class RoomClient(Commands):
    """One participant's room. Made by `connect`."""

    def __init__(self, place: Place, hello: dict[str, Any], subprotocol: Subprotocol, delays: Delays) -> None:
        self.you = ParticipantId("")
        self.seat = ""
        """A secret: with it `connect` comes back as the same participant."""
        self.state = Room()
        """What this participant may see of the room, kept up to date by the rules' own `evolve`."""
        self.waiting: Waiting | None = None
        """What one waits for before the doors, while one does."""
        self.writing: set[ParticipantId] = set()
        """Who is writing just now, as far as they say."""
        self.is_connected = False
        self.losses = 0
        """How often the server has said that something which was acknowledged or seen could not be saved."""
        self.closed: Exception | None = None
        """Why the line is closed for good, once it is: mostly `Closed`."""
        self._place = place
        self._hello = hello
        self._key_role: Role | None = None
        self._subprotocol = WebSocketSubprotocol(subprotocol)
        self._codec = Codec(subprotocol)
        self._delays = delays
        self._epoch = ""
        self._offset = 0.0
        self._last = 0  # the id of the latest command
        self._unanswered: dict[int, tuple[str | bytes, asyncio.Future[int]]] = {}
        self._readers: WeakSet[Events] = WeakSet()
        self._waiters: list[tuple[Callable[[], object], asyncio.Future[None]]] = []
        self._socket: ClientConnection | None = None
        self._was_answered = False
        self._refusal: Refused | None = None  # of this connection's hello
        self._failures = 0  # to come back, since the last welcome

    # What a participant does

    async def ask(self, command: Command) -> int:
        """Ask for something; once it has happened, the log's number of its last event.

        Waits while the line is broken, and until one is in. Raises `Refused`, and `Closed` if the line closes for good.
        If this is cancelled the command is not repeated any more, but may be carried out.
        """
        await self.inside()
        self._last = number = self._last + 1
        data = self._codec.encode(replace(command, id=number))
        if len(data.encode() if isinstance(data, str) else data) > MOST_SENT:
            raise Refused("too_long", "The message is too long.")
        try:
            while True:
                answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self._unanswered[number] = data, answer
                if self.is_connected:
                    await self._send(data)
                try:
                    return await answer
                except Refused as refusal:
                    if refusal.code != "unavailable":
                        raise
                    await asyncio.sleep(refusal.retry_after or self._delays.after(0, 1))
        finally:
            self._unanswered.pop(number, None)

    async def typing(self, on: bool) -> None:
        """Tell the others that one is writing, or has stopped. Nobody answers."""
        if self.is_connected:
            await self._send(self._codec.encode(Typing(on)))

    def drop(self) -> None:
        """Break the line without a word, as a phone does. It comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    # What a participant sees

    @property
    def is_inside(self) -> bool:
        """Whether one has been let in, though the line may be broken just now."""
        return bool(self.you) and self.closed is None

    @property
    def me(self) -> Participant | None:
        return self.state.participants.get(self.you)

    def now(self) -> int:
        """The time on the room's clock, in milliseconds."""
        return round(time.monotonic() * 1000 + self._offset)

    def view(self) -> RoomView:
        """The room as a snapshot would show it now. One has to be in it."""
        return view(self.state, self.you, self.now())

    def events(self) -> "Events":
        """The events that happen from this call on, each once, in order. The iteration ends when the line is closed.

        Raises `FellBehind` when `EVENTS_UNREAD` of them have not been read.
        """
        events = Events(self.closed)
        self._readers.add(events)
        return events

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until `holds()` is true. It is looked at after every message, so that no moment is missed.

        Raises `Closed` if the line is closed for good before.
        """
        if holds():
            return
        if self.closed is not None:
            raise self.closed
        waiter = holds, asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)

    async def inside(self) -> None:
        """Wait until one is let in. Raises `Closed`."""
        await self.until(lambda: self.is_inside)

    # The line

    async def keep_the_line(self) -> None:
        """Connect, and come back, until the line is closed for good. Belongs to `connect`."""
        try:
            self._end(await self._come_and_come_back())
        except Exception as error:  # it is told to whoever asks or listens
            self._end(error)
        finally:
            self._end(Closed(1000))  # cancelled: one has hung up

    async def _come_and_come_back(self) -> Closed:
        while True:
            code, refusal = await self._one_connection(), self._refusal
            if is_for_good(code, refusal):
                return Closed(code, refusal)
            delay = self._delays.after(code, self._failures)
            self._failures += 1
            await asyncio.sleep(max(delay, refusal.retry_after or 0 if refusal else 0))

    async def _one_connection(self) -> int:
        """One connection from its handshake to its close; the close code.

        Where there never was an answer nothing says that this is the right address, and the failure is raised.
        """
        self._refusal = None
        try:
            socket = await websockets.connect(
                self._place.url,
                subprotocols=[self._subprotocol],
                compression=None,
                max_size=MOST_RECEIVED,
                close_timeout=1,
                proxy=None if self._place.is_on_this_machine else True,
                logger=_SILENT,
            )
        except (OSError, WebSocketException) as error:
            if self._was_answered:
                return 1006
            if isinstance(error, InvalidStatus):
                raise Closed(error.response.status_code) from None
            raise ConnectionError("The server cannot be reached.") from error
        try:
            self._socket = socket
            await self._send(self._codec.encode(self._greeting()))
            async for payload in socket:
                for message in self._codec.decode(payload):
                    self._was_answered = True
                    await self._take(message)
                    self._notice()
        except ConnectionClosed:
            pass
        finally:
            self._socket, self.is_connected = None, False
            self.writing.clear()
            self._notice()
            await socket.close()
        return socket.close_code or 1006

    def _greeting(self) -> dict[str, Any]:
        hello = dict(self._hello)
        if self._epoch:
            hello |= {"seat": self.seat, "epoch": self._epoch, "since": self.state.seq, "tag": self.state.tag}
            if self.me is None or self.me.role != self._key_role:
                hello.pop("key", None)  # the role has changed since, and is not to be taken back by a line that breaks
        return hello

    async def _send(self, data: str | bytes) -> None:
        """Send, if there is a line; a command that is lost with it is repeated on the next."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(data)

    async def _take(self, message: Event | Message) -> None:
        match message:
            case Event():
                self._follow(message)
            case Ack(id=number, seq=seq):
                if asked := self._unanswered.get(number):
                    _answer(asked[1], seq)
            case Refusal(id=0):
                self._refusal = message.error
            case Refusal(id=number):
                if asked := self._unanswered.get(number):
                    _answer(asked[1], message.error)
            case TypingNews(who=who, on=on):
                (self.writing.add if on else self.writing.discard)(who)
            case Waiting(now=now):
                self._set_clock(now)
                self.waiting = message
            case Snapshot():
                self._see(message.room, message)
            case Welcome():
                await self._come_in(message)

    async def _come_in(self, welcome: Welcome) -> None:
        is_first = not self.you
        self.waiting, self._failures = None, 0
        self.you, self.seat = welcome.you, welcome.seat
        self._set_clock(welcome.now)
        if welcome.room is not None:
            self._see(welcome.room, welcome)
        if is_first and self.me is not None:
            self._key_role = self.me.role
        self._place = replace(self._place, room=self.state.id)  # a slug may mean the next occurrence by and by
        self._last = max(self._last, welcome.last)
        self.is_connected = True
        for data, _ in tuple(self._unanswered.values()):
            await self._send(data)

    def _see(self, room: RoomView, at: Welcome | Snapshot) -> None:
        self.state = restore(room, self.you)
        self.state.seq, self.state.tag = at.seq, at.tag
        self._epoch = at.epoch
        self.losses += at.lost

    def _follow(self, event: Event) -> None:
        if type(event) is Event:  # of a kind that is new to us
            self.state.seq, self.state.tag = event.seq, event.tag
            return
        evolve(self.state, event)
        if isinstance(event, Said) and event.by is not None:
            self.writing.discard(event.by)
        for reader in tuple(self._readers):
            reader.tell(event)

    def _set_clock(self, now: int) -> None:
        self._offset = now - time.monotonic() * 1000

    def _notice(self) -> None:
        """Look who waits for what has just become true."""
        for holds, waiter in self._waiters:
            if not waiter.done():
                try:
                    if holds():
                        waiter.set_result(None)
                except Exception as error:  # it is the waiting one's
                    waiter.set_exception(error)

    def _end(self, why: Exception) -> None:
        if self.closed is not None:
            return
        self.closed = why
        self._notice()
        for _, waiter in self._waiters:
            _answer(waiter, why)
        for _, asked in self._unanswered.values():
            _answer(asked, why)
        for reader in tuple(self._readers):
            reader.end(why)


def _answer(future: "asyncio.Future[Any]", with_what: object) -> None:
    if future.done():
        return
    if isinstance(with_what, Exception):
        future.set_exception(with_what)
    else:
        future.set_result(with_what)


@asynccontextmanager
async def connect(
    where: str | Place,
    *,
    name: str | None = None,
    key: str | None = None,
    passcode: str | None = None,
    seat: str | None = None,
    device: str | None = None,
    subprotocol: Subprotocol = "openchair.v1.msgpack",
    delays: Delays = Delays(),  # noqa: B008 - frozen
    wait: bool = True,
) -> AsyncIterator[RoomClient]:
    """Be in the room that a link leads to, for as long as the context lasts; the line ends with it, the seat does not.

    It begins when one is let in; without `wait` at the first answer, and `RoomClient.waiting` says what for. `key` and
    `passcode` go before those of the link; with the `seat` of an earlier `RoomClient` one comes back as the same
    participant. Raises `Refused` (or `Closed`) if one is not let in, `OSError` if nobody answers at the address, and
    `ValueError` for what is no link.
    """
    place = place_of(where) if isinstance(where, str) else where
    hello = {
        "t": "hello",
        "name": name,
        "key": key or place.key,
        "passcode": passcode or place.passcode,
        "seat": seat,
        "device": device or secrets.token_hex(8),
    }
    room = RoomClient(place, {field: value for field, value in hello.items() if value is not None}, subprotocol, delays)
    line = asyncio.create_task(room.keep_the_line())
    try:
        try:
            await room.until(lambda: room.is_inside or (room.waiting and not wait))
        except Closed as closed:
            raise (closed.refusal or closed) from None
        yield room
    finally:
        line.cancel()
        await asyncio.wait([line])
