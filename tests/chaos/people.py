"""Those who hold the meetings: clients written from docs/protocol.md alone, who note all that goes over their lines.

Each keeps to what the protocol asks of a client: it comes back by itself with its seat and its position, and repeats
what was not answered, in order, with the same ids.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from tests.chaos.line import LOST, Line
from tests.chaos.notes import CAME, DOWN, LAST, SENT, UP, Notes

Message = dict[str, Any]

WELCOME_SECONDS: Final = 5.0  # for a connection to end in a welcome, before another is tried
ANSWER_SECONDS: Final = 10.0  # for an answer, before the line is taken for dead
FIRST_DELAY, LONGEST_DELAY = 0.25, 30.0  # seconds before coming back
ANOTHER_LINE: Final = -1
AT_ONCE: Final = frozenset({1012, 4008, ANOTHER_LINE})
FOR_GOOD: Final = frozenset({1000, 1009, 4000, 4003, 4004, 4009})
WILL_PASS: Final = frozenset({"unavailable", "too_fast"})

_pack: Callable[[Any], bytes] = msgpack.packb


class Person:
    """A participant. `live` keeps the line and `take_part` takes part, each until cancelled."""

    def __init__(self, number: int, room: str, name: str, key: str | None, port: int, notes: Notes) -> None:
        self.number, self.name = number, name
        self.is_in = False
        self.is_resting = False  # and does nothing of their own accord
        self.is_done = asyncio.Event()
        self.pace = 1.0  # seconds from one thing that they do to the next, on average
        self.you = ""
        self.others: list[str] = []
        self.hands: list[str] = []
        self.floor: tuple[str, str, str] | None = None  # who, share, and called or sharing
        self.room, self._port, self._notes = room, port, notes
        self._hello: Message = {"name": name} | ({"key": key} if key else {})
        self._position: Message = {}
        self._seat = ""
        self._last = 0
        self._line: Line | None = None
        self._end: asyncio.Future[int] | None = None  # of the line
        self._unanswered: dict[int, tuple[bytes, asyncio.Future[Message]]] = {}
        self._came_in = asyncio.Event()
        self._welcomes = 0
        self._refusal: Message = {}
        self._random = random.Random(number)
        self._said = 0
        self._latest_message = ""
        self.heard: Callable[[Message], None] = lambda _: None
        """Told of each event, for whoever watches."""

    # The line

    async def live(self) -> None:
        failures = 0
        while True:
            code, was_in = await self._one_connection()
            failures = 0 if was_in else failures + 1
            refusal, self._refusal = self._refusal, {}
            if code in FOR_GOOD or (code == 4001 and refusal.get("code") not in WILL_PASS):
                return
            most = min(FIRST_DELAY * 2**failures, LONGEST_DELAY)
            at_once = code in AT_ONCE and not failures
            delay = self._random.uniform(0, FIRST_DELAY) if at_once else self._random.uniform(most / 2, most)
            await asyncio.sleep(max(delay, refusal.get("retry_after", 0)))

    async def _one_connection(self) -> tuple[int, bool]:
        """From the handshake to the end: the close code, and whether there was a welcome."""
        loop = asyncio.get_running_loop()
        end = self._end = loop.create_future()
        self._came_in.clear()

        def heard(payload: bytes) -> None:
            if not end.done():
                self._hear(line, payload)

        def ended(code: int) -> None:
            if not end.done():
                self._notes.note(self.number, DOWN, code)
                end.set_result(code)

        line = Line(self.room, lambda: self._greet(line), heard, ended)
        patience = loop.call_later(WELCOME_SECONDS, line.drop)
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                await loop.create_connection(lambda: line, "127.0.0.1", self._port)
            self._line = line
            welcome = asyncio.create_task(self._came_in.wait())
            await asyncio.wait([welcome, end], return_when=asyncio.FIRST_COMPLETED)
            welcome.cancel()
            patience.cancel()
            return await end, self._came_in.is_set()
        except (OSError, TimeoutError):
            return LOST, False
        finally:
            patience.cancel()
            self.is_in, self._line = False, None
            if not end.done() or end.result() != ANOTHER_LINE:
                line.drop()

    def _greet(self, line: Line) -> None:
        self._notes.note(self.number, UP)
        hello = {"t": "hello", **self._hello} | ({"seat": self._seat, **self._position} if self._seat else {})
        self._send(_pack(hello), line)

    def _send(self, data: bytes, line: Line | None) -> None:
        if line is not None:
            self._notes.note(self.number, SENT, data)
            line.send(data)

    def drop_the_line(self) -> None:
        """The line ends without a word."""
        if self._line is not None:
            self._line.drop()

    def take_another_line(self) -> None:
        """Come by a new line, as with another device, and leave the old one as it is, for the server to close."""
        if self.is_in and self._end is not None and not self._end.done():
            self._notes.note(self.number, DOWN, ANOTHER_LINE)
            self._end.set_result(ANOTHER_LINE)

    @property
    def seq(self) -> int:
        """The number of the last event seen."""
        return int(self._position.get("since", 0))

    async def has_all_answers(self) -> None:
        while self._unanswered:
            await asyncio.wait([answer for _, answer in self._unanswered.values()])
            await asyncio.sleep(0)

    async def come_anew(self) -> None:
        """Come back with the seat and without a position, once all is answered: what is shown then is the last word."""
        await self.has_all_answers()
        self._position = {}
        self._notes.note(self.number, LAST)
        welcomes = self._welcomes
        self.drop_the_line()
        while self._welcomes == welcomes:
            await asyncio.sleep(0.01)

    # What comes

    def _hear(self, line: Line, payload: bytes) -> None:
        self._notes.note(self.number, CAME, payload)
        for message in msgpack.unpackb(payload):
            match message["t"]:
                case "ack":
                    self._answer(message)
                case "refused" if "id" in message:
                    self._answer(message)
                case "refused":
                    self._refusal = message
                case "welcome":
                    self._come_in(message, line)
                case "snapshot":
                    self._see(message)
                case _ if "seq" in message:
                    self._position["since"], self._position["tag"] = message["seq"], message["tag"]
                    self._follow(message)
                    self.heard(message)

    def _answer(self, message: Message) -> None:
        if (asked := self._unanswered.get(message["id"])) and not asked[1].done():
            asked[1].set_result(message)

    def _come_in(self, welcome: Message, line: Line) -> None:
        self.you, self._seat = welcome["you"], welcome["seat"]
        self._hello.pop("key", None)  # the seat keeps the role
        self._last = max(self._last, welcome["last"])
        if not welcome["resumed"]:
            self._see(welcome)
        self.is_in = True
        self._welcomes += 1
        self._came_in.set()
        for data, answer in list(self._unanswered.values()):
            if not answer.done():
                self._send(data, line)

    def _see(self, at: Message) -> None:
        self._position = {"epoch": at["epoch"], "since": at["seq"], "tag": at["tag"]}
        room = at["room"]
        self.others = [it["id"] for it in room["participants"] if it["id"] != self.you]
        self.hands = [it["who"] for it in room["queue"]["hands"]]
        floor = room["floor"]
        self.floor = floor and (floor["who"], floor["share"], floor["state"])

    def _follow(self, event: Message) -> None:
        match event["t"]:
            case "joined" if event["who"] != self.you:
                self.others.append(event["who"])
            case "hand_raised":
                self.hands.insert(event["place"], event["who"])
            case "hand_lowered" if event["who"] in self.hands:
                self.hands.remove(event["who"])
            case "called":
                self.floor = event["who"], event["share"], "called"
                if event["who"] in self.hands:
                    self.hands.remove(event["who"])
            case "began":
                self.floor = event["who"], event["share"], "sharing"
            case "share_ended":
                self.floor = None
            case "said" if event["to"] == "everyone":
                self._latest_message = event["message"]

    # What they do

    async def ask(self, t: str, **fields: Any) -> Message:
        """Send a command, and again until it is answered: its `ack`, or its refusal if that will not pass."""
        self._last = number = self._last + 1
        data = _pack({"t": t, "id": number, **fields})
        loop = asyncio.get_running_loop()
        try:
            while True:
                answer: asyncio.Future[Message] = loop.create_future()
                self._unanswered[number] = data, answer
                self._send(data, self._line if self.is_in else None)
                while not answer.done():
                    await asyncio.wait([answer], timeout=ANSWER_SECONDS)
                    if not answer.done():
                        self.drop_the_line()
                message = answer.result()
                if message["t"] == "ack" or message["code"] not in WILL_PASS:
                    return message
                await asyncio.sleep(message.get("retry_after") or 1)
        finally:
            del self._unanswered[number]

    async def say(self, to: str = "everyone") -> Message:
        return await self.ask("say", text=self.a_text(), to=to)

    def a_text(self) -> str:
        """Something that nobody has said or will say."""
        self._said += 1
        return f"{self.number}.{self._said}"

    async def comes_in(self) -> None:
        await self._came_in.wait()

    async def take_part(self) -> None:
        while not self.is_done.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._random.expovariate(1 / self.pace)):
                    await self.is_done.wait()
            if not self.is_resting and not self.is_done.is_set():
                await self._do_something()

    async def _do_something(self) -> None:
        chance = self._random.random()
        if self.floor is not None and self.floor[0] == self.you:
            if self.floor[2] == "called":
                await self.ask("begin")
            elif chance < 0.5:
                await self.ask("share", text=self.a_text())
            else:
                await self.ask("done")
        elif self.is_serving and chance < 0.4:
            await self.ask("call", after=self.floor and self.floor[1])
        elif chance < 0.6:
            await self.say()
        elif chance < 0.7:
            await self.say("service")
        elif chance < 0.8 and self.others:
            await self.say(self._random.choice(self.others))
        elif chance < 0.85 and self._latest_message:
            await self.ask("react", to=self._latest_message, emoji="❤️", on=self._random.random() < 0.5)
        elif self.you not in self.hands:
            await self.ask("raise_hand")
        elif chance < 0.9:
            await self.ask("lower_hand")
        else:
            await self.say()

    @property
    def is_serving(self) -> bool:
        """Whether this one is of the service team and calls the next."""
        return self.name.startswith("Service")
