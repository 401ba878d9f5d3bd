"""One connection: the handshake's answer, the hello, and then commands in and refusals out (docs/protocol.md)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket

from rooms.chat import Typing
from rooms.vocabulary import ParticipantId, Refused, RoomId
from server.origin import origin_is_allowed
from server.schedule.meetings import Occurrence
from server.transport import Connection, connection_of
from server.wire import SUBPROTOCOLS, BadCommand, Message, Ping, Pong, decode_command, decode_hello, framed, refused

if TYPE_CHECKING:
    from server.house import House
    from server.replica import Replica

OVER, NO_HELLO, HELLO_REFUSED, NO_SUCH_ROOM, TOO_MUCH = 1000, 4000, 4001, 4004, 4029
MALFORMED, NEEDLESS = 0, 1  # kinds of messages that end a connection if there are many in a minute
MOST_MALFORMED: Final = 10
MOST_NEEDLESS: Final = 300  # well-formed, but too fast, too early or unknown; and pings
MINUTE: Final = 60.0
HELLO_ON_ITS_WAY: Final = 2.0  # seconds


class Socket:
    """A client's connection, from the handshake to its end. Nothing in it waits."""

    __slots__ = (
        "_house", "_no", "_occurrence", "_replica", "_strikes", "_strikes_since", "address", "connection", "is_closed",
        "text", "who",
    )  # fmt: skip

    def __init__(self, connection: Connection, text: bool, house: House, occurrence: Occurrence | None) -> None:
        self.who = ParticipantId("")  # nobody yet
        self.text = text
        self.address = connection.peer
        self.is_closed = False
        self.connection = connection
        self._house = house
        self._occurrence = occurrence
        self._replica: Replica | None = None
        self._no = 0  # the close code, once it is told that there is nothing to come to
        self._strikes = [0, 0]
        self._strikes_since = 0.0

    def is_for(self, room: RoomId) -> bool:
        return self._occurrence is not None and self._occurrence.room == room

    def send(self, *messages: Message) -> None:
        self.connection.write(framed(messages, self.text))

    def close(self, code: int) -> None:
        if not self.is_closed:
            self.connection.close(code)

    def refuse(self, refusal: Refused, command: int = 0) -> None:
        self._house.stats.refusals[refusal.code] += 1
        self.send(refused(refusal, command))

    def received(self, payload: bytes, text: bool) -> None:
        if self._replica is None:
            self._take_hello(payload, text)
            return
        try:
            if text != self.text:
                raise BadCommand(Refused("bad_message", "Expected a message in the encoding that was agreed on."))
            command = decode_command(payload, text)
        except BadCommand as bad:
            self.refuse(bad.refusal, bad.command)
            if bad.refusal.code == "bad_message":
                self._strike(MALFORMED, MOST_MALFORMED)
            else:
                self._strike(NEEDLESS, MOST_NEEDLESS)
            return
        if isinstance(command, Typing):
            self._replica.door.type(self, command.on)
        elif isinstance(command, Ping):
            self.send(Pong(now=self._house.now))
            self._strike(NEEDLESS, MOST_NEEDLESS)
        elif (wait := self._replica.door.too_fast(self)) is None:
            self.refuse(Refused("not_now", "You are not in the room yet."), command.id)
            self._strike(NEEDLESS, MOST_NEEDLESS)
        elif wait:
            self.refuse(Refused("too_fast", "That was too fast; please wait a moment.", wait), command.id)
            self._strike(NEEDLESS, MOST_NEEDLESS)
        else:
            self._replica.ask(self, command)

    def closed(self, code: int) -> None:
        self.is_closed = True
        self._house.stats.close(code)
        self._house.hellos.forget(self)
        if self._replica is not None:
            self._replica.door.lost(self)

    def _take_hello(self, payload: bytes, text: bool) -> None:
        if self._occurrence is None:
            self.close(self._no)
            return
        try:
            if text != self.text:
                raise ValueError
            hello = decode_hello(payload, text)
        except (ValueError, RecursionError):
            self.close(NO_HELLO)
            return
        self._house.hellos.forget(self)
        try:
            self._replica = self._house.replica_of(self._occurrence)
        except Refused as refusal:
            self.refuse(refusal)
            self.close(HELLO_REFUSED)
            return
        self._replica.door.arrive(self, hello)

    def say_no(self, refusal: Refused) -> None:
        """There is nothing to come to; closed when the `hello` that is on its way has come, or soon."""
        self._house.hellos.forget(self)
        self._occurrence = None
        self._no = {"ended": OVER, "no_such_room": NO_SUCH_ROOM}.get(refusal.code, HELLO_REFUSED)
        self.refuse(refusal)
        asyncio.get_running_loop().call_later(HELLO_ON_ITS_WAY, self.close, self._no)

    def _strike(self, kind: int, most: int) -> None:
        """Count what was wrong within the last minute; too much of it ends the connection."""
        now = asyncio.get_running_loop().time()
        if now - self._strikes_since > MINUTE:
            self._strikes, self._strikes_since = [0, 0], now
        self._strikes[kind] += 1
        if self._strikes[kind] >= most:
            self.close(TOO_MUCH)


class Hellos:
    """The one timer for all connections that have not said hello yet."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Socket, float] = {}  # the earliest first
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        self._due[socket] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._close_the_silent)

    def turn_away(self, room: RoomId, refusal: Refused) -> None:
        """The room has ended before these have said hello."""
        for socket in tuple(self._due):
            if socket.is_for(room):
                socket.say_no(refusal)

    def forget(self, socket: Socket) -> None:
        self._due.pop(socket, None)

    def _close_the_silent(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for socket, due in tuple(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._close_the_silent)
                break
            del self._due[socket]
            socket.close(NO_HELLO)


async def connect(websocket: WebSocket, house: House) -> None:
    """Answer a handshake: refuse it (4xx), or take the connection over and return."""
    subprotocol = next((name for name in websocket.scope["subprotocols"] if name in SUBPROTOCOLS), None)
    if subprotocol is None:
        await websocket.send_denial_response(
            PlainTextResponse(f"Expected a subprotocol: {', '.join(SUBPROTOCOLS)}", 400)
        )
        return
    if not origin_is_allowed(websocket.headers.get("origin"), websocket.headers.get("host", ""), house.settings.origin):
        await websocket.send_denial_response(PlainTextResponse("This site may not connect here.", 403))
        return
    found = await house.find(websocket.path_params["room"])
    await websocket.accept(subprotocol)
    connection = connection_of(websocket)
    if isinstance(found, Refused):
        socket = Socket(connection, SUBPROTOCOLS[subprotocol], house, None)
        connection.take_over(socket)
        socket.say_no(found)
    else:
        socket = Socket(connection, SUBPROTOCOLS[subprotocol], house, found)
        connection.take_over(socket)
        house.hellos.expect(socket)
