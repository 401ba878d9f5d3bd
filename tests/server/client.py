"""A client written from docs/protocol.md alone: `websockets`, and `msgpack` or `json`; nothing of the product."""

import asyncio
import json
from typing import Any

import msgpack  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PATIENCE = 30  # seconds without a word, after which the test has failed

Message = dict[str, Any]


class Client:
    """One connection. What has come is read in order, and only when asked for; `seen` is all that was read."""

    def __init__(self, line: ClientConnection, text: bool) -> None:
        self.line = line
        self.text = text
        self.seen: list[Message] = []
        self.welcome: Message = {}
        self.last = 0  # the id of the last command
        self._come: list[Message] = []

    @classmethod
    async def connect(cls, port: int, room: str, text: bool, **options: Any) -> "Client":
        """Shake hands, and say nothing yet."""
        subprotocol = Subprotocol("openchair.v1.json" if text else "openchair.v1.msgpack")
        options = {"subprotocols": [subprotocol], "compression": None, "max_queue": None, **options}
        return cls(await connect(f"ws://127.0.0.1:{port}/rooms/{room}/socket", **options), text)

    @property
    def id(self) -> str:
        return str(self.welcome["you"])

    @property
    def room(self) -> Message:
        """The room of the welcome."""
        room: Message = self.welcome["room"]
        return room

    @property
    def position(self) -> Message:
        """What a `hello` needs to resume behind the last event seen."""
        last = next((m for m in reversed(self.seen) if "seq" in m and m["t"] != "ack"), self.welcome)
        return {"epoch": self.welcome["epoch"], "since": last["seq"], "tag": last["tag"]}

    @property
    def events(self) -> list[Message]:
        return [message for message in self.seen if "at" in message]

    async def send(self, message: Any) -> None:
        await self.line.send(json.dumps(message) if self.text else msgpack.packb(message))

    async def hello(self, **fields: Any) -> Message:
        """Say hello; the first answer."""
        await self.send({"t": "hello", **fields})
        return await self.receive()

    async def receive(self) -> Message:
        """The next message. Raises `ConnectionClosed`."""
        while not self._come:
            try:
                async with asyncio.timeout(PATIENCE):
                    data = await self.line.recv()
            except TimeoutError:
                raise AssertionError(f"nothing more came after {self.seen[-5:]}") from None
            assert isinstance(data, str) == self.text
            messages = json.loads(data) if isinstance(data, str) else msgpack.unpackb(data)
            assert isinstance(messages, list), "the server sends arrays"
            self._come = messages
        message = self._come.pop(0)
        self.seen.append(message)
        if message["t"] == "welcome":
            self.welcome = message
            self.last = max(self.last, message["last"])
        return message

    async def sees(self, t: str, **fields: Any) -> Message:
        """The first message of that type and those fields since the welcome, whether it has been read already."""
        wanted = {"t": t, **fields}
        already = (message for message in self.seen if wanted.items() <= message.items())
        return next(already, None) or await self.until(t, **fields)

    async def until(self, t: str, **fields: Any) -> Message:
        """Read on until a message of that type and those fields."""
        while True:
            message = await self.receive()
            if message["t"] == t and fields.items() <= message.items():
                return message

    @property
    def texts(self) -> list[str]:
        """What is in the chat, as far as was read: by the last welcome or snapshot, and by what was said since."""
        found: list[str] = []
        for message in self.seen:
            if message["t"] in {"welcome", "snapshot"} and "room" in message:
                found = [it["text"] for it in message["room"]["chat"]["messages"]]
            elif message["t"] == "said":
                found.append(message["text"])
        return found

    async def hears(self, text: str) -> None:
        """Read on until that text is in the chat, once, whether it comes as news or in a snapshot."""
        while self.texts.count(text) != 1:
            await self.receive()

    async def tell(self, t: str, **fields: Any) -> int:
        """Send a command without waiting for its answer; its id."""
        self.last += 1
        await self.send({"t": t, "id": self.last, **fields})
        return self.last

    async def answer(self, command: int) -> Message:
        while True:
            message = await self.receive()
            if message["t"] in {"ack", "refused"} and message.get("id") == command:
                return message

    async def ask(self, t: str, **fields: Any) -> Message:
        """Send a command; its `ack` or `refused`."""
        return await self.answer(await self.tell(t, **fields))

    async def does(self, t: str, **fields: Any) -> None:
        """Send a command that is carried out."""
        answer = await self.ask(t, **fields)
        assert answer["t"] == "ack", answer

    async def is_refused(self, t: str, **fields: Any) -> str:
        """Send a command that is not; the code."""
        answer = await self.ask(t, **fields)
        assert answer["t"] == "refused", answer
        return str(answer["code"])

    async def closing_code(self) -> int:
        """Read to the end; how the connection was closed."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def leave_the_line(self) -> None:
        """The line ends without a word, as a phone's in a tunnel."""
        self.line.transport.abort()
        await self.line.wait_closed()
