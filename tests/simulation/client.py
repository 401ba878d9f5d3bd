"""Somebody with a phone: written from docs/protocol.md alone, with notes of all that was sent, answered and seen."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol

import msgpack  # type: ignore[import-untyped]
from msgspec import Struct, field

from tests.simulation.loop import Time
from tests.simulation.network import Line

Message = dict[str, Any]
Key = tuple[str, int, str]
"""A position: epoch, seq, tag."""

STAY_AWAY: Final = {1000, 4001, 4003, 4004, 4009}
SERVICE: Final = {"facilitator", "cofacilitator", "timekeeper", "greeter"}
PATIENCE: Final = 3.0  # seconds for a connection to be answered


class Noted(Struct):
    """A command, and what became of it."""

    command: Message
    sent_at: float
    acked: int | None = None  # the seq
    acked_at: float = 0.0
    refused: str = ""
    is_repeated: bool = False

    @property
    def is_open(self) -> bool:
        return self.acked is None and not self.refused


class View(Struct):
    """What a small client keeps of a room, by the events that protocol.md describes."""

    people: dict[str, Message] = field(default_factory=dict)
    hands: list[str] = field(default_factory=list)
    floor: Message | None = None
    messages: dict[str, str] = field(default_factory=dict)
    state: str = "doors"
    phase: int | None = None
    locked: bool = False
    quiet: bool = False

    @classmethod
    def of(cls, room: Message) -> "View":
        floor = room["floor"]
        return cls(
            people={p["id"]: {k: p.get(k) for k in ("name", "role", "presence")} for p in room["participants"]},
            hands=[hand["who"] for hand in room["queue"]["hands"]],
            floor=floor and {k: floor[k] for k in ("who", "share", "state")},
            messages={m["id"]: m["text"] for m in room["chat"]["messages"]},
            state=room["state"], phase=room["phase"], locked=room["locked"], quiet=room["quiet"],
        )  # fmt: skip

    def apply(self, event: Message) -> None:
        who = event.get("who", "")
        match event["t"]:
            case "joined":
                self.people[who] = {"name": event["name"], "role": event["role"], "presence": "here"}
            case "away" | "returned":
                self.people[who]["presence"] = "away" if event["t"] == "away" else "here"
            case "left" | "removed":
                self.people.pop(who, None)
            case "renamed" | "role_changed":
                self.people[who].update({k: event[k] for k in ("name", "role") if k in event})
            case "hand_raised":
                self.hands.insert(event["place"], who)
            case "hand_lowered":  # of one who was called and did not answer it is down already
                self.hands = [hand for hand in self.hands if hand != who]
            case "hand_moved":
                self.hands.remove(who)
                self.hands.insert(event["place"], who)
            case "circle_formed":
                self.hands = list(event["order"])
            case "called":
                self.hands = [hand for hand in self.hands if hand != who]
                self.floor = {"who": who, "share": event["share"], "state": "called"}
            case "began" | "time_up":
                assert self.floor is not None
                self.floor["state"] = "time_up" if event["t"] == "time_up" else "sharing"
            case "clock_changed":
                assert self.floor is not None
                if event.get("left", 0) > 0 or event.get("ends_at", 0) > event["at"]:
                    self.floor["state"] = "sharing"
            case "share_ended":
                self.floor = None
            case "said":
                self.messages[event["message"]] = event["text"]
            case "unsaid":
                self.messages.pop(event["message"], None)
            case "started":
                self.state = "running"
            case "fellowship" | "ended":
                self.state, self.phase = event["t"], None
            case "phase_began":
                self.phase = event["phase"]
            case "locked" | "unlocked":
                self.locked = event["t"] == "locked"
            case "quieted":
                self.quiet = self.locked = True
            case "unquieted":
                self.quiet, self.locked = False, event["locked"]


class Server(Protocol):
    """A worker, as those outside see it."""

    def accept(self, far: Any, latency: float, text: bool) -> Line: ...


class Notebook(Protocol):
    """Who reads what clients note, as they note it; raises what is wrong."""

    def welcomed(self, client: "Client", message: Message) -> None: ...

    def shown_anew(self, client: "Client", message: Message) -> None: ...

    def saw(self, client: "Client", event: Message) -> None: ...

    def acked(self, client: "Client", noted: Noted) -> None: ...

    def wrong(self, invariant: int, what: str) -> None: ...


class Connection:
    """One WebSocket, seen from the client."""

    def __init__(self, client: "Client", text: bool) -> None:
        self.line: Line
        self.text = text
        self.is_over = False
        self.is_welcomed = False
        self._client = client
        self._data = b""

    def say(self, message: Message) -> None:
        payload = json.dumps(message).encode() if self.text else msgpack.packb(message)
        self._send(0x81 if self.text else 0x82, payload)

    def _send(self, first: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0x80 | 126]) + size.to_bytes(2)
        self.line.send(head + b"\0\0\0\0" + payload)  # a mask that changes nothing

    def hang_up(self) -> None:
        self.line.hang_up()

    def received(self, data: bytes) -> None:
        if self.is_over:
            return
        data = self._data + data
        while len(data) >= 2:
            size, at = data[1], 2
            if size == 126:
                size, at = int.from_bytes(data[2:4]), 4
            elif size == 127:
                size, at = int.from_bytes(data[2:10]), 10
            if len(data) < at + size:
                break
            opcode, payload, data = data[0] & 0x0F, data[at : at + size], data[at + size :]
            if opcode == 0x9:
                self._send(0x8A, payload)
            elif opcode == 0x8:
                self._end(int.from_bytes(payload[:2]))
                return
            else:
                for message in json.loads(payload) if self.text else msgpack.unpackb(payload):
                    self._client.hear(self, message)
        self._data = data

    def lost(self) -> None:
        self._end(1006)

    def _end(self, code: int) -> None:
        if not self.is_over:
            self.is_over = True
            self.line.hang_up()
            self._client.ended(self, code)


class Client:
    def __init__(
        self, name: str, key: str | None, device: str | None, time: Time, rng: Random, notebook: Notebook,
        servers: Callable[[], list[Server]], trace: Callable[..., object],
    ) -> None:  # fmt: skip
        self.name, self.key, self.device = name, key, device
        self.you = self.seat = ""
        self.position: Key | None = None
        self.view = View()
        self.notes: dict[int, Noted] = {}
        self.connection: Connection | None = None
        self.stays_away = False
        self.refused = ""  # the code of the last hello
        self.told_lost: list[float] = []  # when it was told that something acknowledged is lost
        self.is_resting = False  # says nothing new
        self.trace = trace
        self._latency = rng.choice([0.005, 0.02, 0.1])
        self._others: dict[Connection, None] = {}  # older connections that may not have ended yet
        self._time, self._rng, self._notebook, self._servers = time, rng, notebook, servers
        self._last = 0
        self._texts = 0
        self._failures = 0

    # Connecting

    @property
    def is_in(self) -> bool:
        return self.connection is not None and self.connection.is_welcomed

    def connect(self) -> None:
        """Come, or come back, by whatever server answers."""
        servers = self._servers()
        connection = Connection(self, text=self._rng.random() < 0.3)
        if self.connection is not None:
            self._others[self.connection] = None
        self.connection = None
        try:
            if not servers:
                raise ConnectionRefusedError
            connection.line = self._rng.choice(servers).accept(connection, self._latency, connection.text)
        except OSError:
            self._come_again()
            return
        self.connection = connection
        hello: Message = {"t": "hello", "name": self.name}
        given = {"key": self.key, "device": self.device, "seat": self.seat}
        hello |= {field: value for field, value in given.items() if value}
        has_done = any(noted.acked is not None for noted in self.notes.values())
        if self.seat and self.position is not None and (has_done or self._rng.random() < 0.7):
            hello |= dict(zip(("epoch", "since", "tag"), self.position, strict=True))
        connection.say(hello)
        self.trace(self.name, "hello", hello.get("since", ""))
        self._time.after(PATIENCE, lambda: self._lose_patience(connection))

    def _lose_patience(self, connection: Connection) -> None:
        if self.connection is connection and not connection.is_welcomed and not connection.is_over:
            connection._end(1006)

    def _come_again(self, after: float = 0.0) -> None:
        self._failures += 1
        delay = max(after, self._rng.uniform(0.1, 0.5) * min(8, 2**self._failures))
        self._time.after(delay, self._come_if_away)

    def _come_if_away(self) -> None:
        if self.connection is None and not self.stays_away:
            self.connect()

    def ended(self, connection: Connection, code: int) -> None:
        self._others.pop(connection, None)
        if self.connection is not connection:
            return
        self.trace(self.name, "closed", code)
        self.connection = None
        if code == 1000:
            self.seat, self.position, self.notes = "", None, {}  # one has left, and is a newcomer from now on
        elif code == 4003:
            self.position, self.notes = None, {}  # one has been removed; but perhaps the seat is still good
        if code == 4001 and self.refused in {"unavailable", "too_fast", "locked", "full"}:
            self._come_again(1.0)
        elif code in STAY_AWAY:
            self.stays_away = True
        else:
            self._come_again()

    @property
    def is_out(self) -> bool:
        """Whether it has been told not to come, or not now."""
        return self.stays_away or (not self.is_in and self.refused in {"locked", "full", "denied"})

    def drop(self) -> None:
        """The line ends, and the server hears of it, or does not."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.is_over = True
            if self._rng.random() < 0.5:
                connection.line.hang_up()
            else:
                connection.line.is_silent = True
            self.trace(self.name, "drops")
            self._time.after(self._rng.choice([0.05, 0.5, 3.0, 12.0]), self._come_if_away)

    def be_slow(self) -> None:
        if self.connection is not None:
            line = self.connection.line
            line.is_reading_far = False
            self._time.after(self._rng.uniform(0.5, 6.0), line.read_again)
            self.trace(self.name, "reads slowly")

    def come_back_though_away(self) -> None:
        """Try again what one was told not to try."""
        self.stays_away = False
        self._come_if_away()

    # Hearing

    def hear(self, connection: Connection, message: Message) -> None:
        if self.connection is not connection:
            return  # of a line that was given up
        kind = message["t"]
        if kind == "welcome":
            self._welcomed(connection, message)
        elif kind == "waiting":
            if connection.is_welcomed:
                self._notebook.wrong(2, f"{self.name} waits though welcome")
        elif kind == "refused" and "id" not in message:
            self.refused = message["code"]
            self.trace(self.name, "is refused", self.refused)
        elif not connection.is_welcomed:
            self._notebook.wrong(5, f"{self.name} hears {kind} and is not in")
        elif kind == "ack":
            self._acked(message)
        elif kind == "refused":
            self._refused(connection, message)
        elif kind == "snapshot":
            if message.get("lost"):
                self.told_lost.append(self._time.now)
            self._notebook.shown_anew(self, message)
            self.position = message["epoch"], message["seq"], message["tag"]
            self.view = View.of(message["room"])
        elif kind != "typing":
            self._notebook.saw(self, message)
            try:
                self.view.apply(message)
            except (KeyError, ValueError, AssertionError) as error:
                self._notebook.wrong(2, f"{self.name} cannot make sense of {message}: {error!r}")
            self.position = self.position[0] if self.position else "", message["seq"], message["tag"]

    def _welcomed(self, connection: Connection, message: Message) -> None:
        if connection.is_welcomed:
            self._notebook.wrong(2, f"{self.name} is welcomed twice")
        if message.get("lost"):
            self.told_lost.append(self._time.now)
        self._notebook.welcomed(self, message)
        connection.is_welcomed = True
        self._failures = 0
        self.refused = ""
        self.trace(self.name, "is welcome", message["you"], message["seq"], message["resumed"])
        if self.you != message["you"]:  # a newcomer, perhaps because all was lost
            self.notes = {}
        self.you, self.seat = message["you"], message["seat"]
        self._last = max(self._last, message["last"])
        if not message["resumed"]:
            self.position = message["epoch"], message["seq"], message["tag"]
            self.view = View.of(message["room"])
        for noted in self.notes.values():
            if noted.is_open:
                noted.is_repeated = True
                connection.say(noted.command)

    def _acked(self, message: Message) -> None:
        noted = self.notes.get(message["id"])
        if noted is None:
            self._notebook.wrong(3, f"{self.name} has an ack of {message['id']} that it did not wait for")
            return
        if noted.acked is None:
            noted.acked, noted.acked_at, noted.refused = message["seq"], self._time.now, ""
            self._notebook.acked(self, noted)

    def _refused(self, connection: Connection, message: Message) -> None:
        noted = self.notes.get(message["id"])
        if noted is None or not noted.is_open:
            return  # of a command that was sent twice
        if message["code"] in {"unavailable", "too_fast"}:
            self._time.after(message.get("retry_after", 1.0), lambda: self._repeat(connection, noted))
        else:
            noted.refused = message["code"]

    def _repeat(self, connection: Connection, noted: Noted) -> None:
        if self.connection is connection and connection.is_welcomed and noted.is_open:
            noted.is_repeated = True
            connection.say(noted.command)

    # Asking

    @property
    def role(self) -> str:
        return str(self.view.people.get(self.you, {}).get("role", "member"))

    def act(self) -> None:
        """Ask for something that one might ask for just now."""
        connection = self.connection
        if connection is None or not connection.is_welcomed:
            return
        self._last += 1
        command = {"t": "", "id": self._last, **self._something()}
        self.notes[self._last] = Noted(command, self._time.now)
        connection.say(command)
        self.trace(self.name, "asks", *command.values())
        if self._rng.random() < 0.05:
            connection.say(command)  # as a client that has lost its count of what it has sent

    def text(self) -> str:
        self._texts += 1
        return f"{self.name} {self._texts}"

    def _something(self) -> Message:
        rng, view, choose = self._rng, self.view, self._rng.choice
        others = [who for who in view.people if who != self.you] or [self.you]
        mine = view.floor is not None and view.floor["who"] == self.you
        of_everybody: list[Callable[[], Message]] = [
            lambda: {"t": "say", "text": self.text()},
            lambda: {"t": "say", "text": self.text()},
            lambda: {"t": "say", "text": self.text()},
            lambda: {"t": "say", "text": self.text(), "to": "service"},
            lambda: {"t": "say", "text": self.text(), "to": choose(others)},
            lambda: {"t": "raise_hand", "topic": self.text()},
            lambda: {"t": "raise_hand"},
            lambda: {"t": "lower_hand"} if rng.random() < 0.5 else {"t": "rename", "name": self.text()},
            lambda: {"t": "celebrate", "count": self._last, "unit": "days"},
            lambda: {"t": "ask_for_help", "text": self.text()},
            lambda: (
                {"t": "unsay", "message": choose([m for m in view.messages if m.startswith(self.you)] or ["none"])}
                if rng.random() < 0.5
                else {"t": "react", "to": choose(list(view.messages) or ["none"]), "emoji": "🙏", "on": True}
            ),
        ]
        if rng.random() < 0.02:
            return {"t": "leave"}
        if mine and rng.random() < 0.7:
            return choose([{"t": "begin"}, {"t": "begin"}, {"t": "share", "text": self.text()}, {"t": "done"}])
        if self.role not in SERVICE or rng.random() < 0.3:
            return choose(of_everybody)()
        if view.state == "doors" and rng.random() < 0.5:
            return {"t": "start"}
        if view.quiet and rng.random() < 0.5:
            return {"t": "unquiet"}
        of_the_team: list[Message] = [
            {"t": "call", "after": view.floor and view.floor["share"]},
            {"t": "call"},
            {"t": "put_back", "who": choose(others)},
            {"t": "begin"},
            {"t": "stop_share"},
            {"t": "add_time", "seconds": 5},
            {"t": choose(["stop_clock", "start_clock"])},
            {"t": "move_hand", "who": choose(view.hands or others), "place": 0},
            {"t": choose(["open_queue", "close_queue"])},
            {"t": "next_phase", "from": view.phase},
            {"t": choose(["mute", "unmute"]), "who": choose(others)},
            {"t": choose(["lock", "unlock", "unlock", "quiet"])},
            {"t": "remove", "who": choose(others), "block": rng.random() < 0.7},
            {"t": "role", "who": choose(others), "role": choose(["greeter", "timekeeper", "cofacilitator", "member"])},
            {"t": "hand_over", "who": choose(others)},
            {"t": "chat", "mode": choose(["open", "open", "service", "closed"])},
            {"t": "admit", "who": "all"},
            {"t": "add_person", "name": self.text()},
        ]
        return choose(of_the_team)
