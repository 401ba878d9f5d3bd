"""Who sees everything, and says when an invariant of design.md, section 4, is broken.

It reads what the simulated Redis holds, and what clients see; of the server's own code it uses only the rules'
`evolve`, to know what the room is after each event. Who may hear, and do, what is told by tests/rooms/specification.py.
"""

from collections.abc import Iterator
from hashlib import sha1
from typing import Any, Final

import msgspec
from msgspec import Struct

from rooms import agenda, chat, floor, presence, safety
from rooms.room import Room, evolve
from rooms.view import view
from rooms.vocabulary import FACILITATORS, GREETERS, SERVICE, TIMEKEEPERS, Audience, Event, ParticipantId, Role
from server.log import WINDOW, Entry, Former
from server.replica import Replica
from tests.rooms import specification
from tests.simulation.client import Client, Key, Message, Noted, View

People = frozenset[ParticipantId]

_decode_entry: Final = msgspec.msgpack.Decoder(Entry).decode
_decode_room: Final = msgspec.msgpack.Decoder(Room).decode
_decode_former: Final = msgspec.msgpack.Decoder(tuple[Former, ...]).decode

NEEDS: Final[dict[type[Event], frozenset[Role]]] = {
    agenda.PhaseExtended: FACILITATORS, presence.Denied: GREETERS, floor.HandMoved: TIMEKEEPERS,
    floor.ShareTimeChanged: TIMEKEEPERS, chat.ChatChanged: GREETERS, chat.Pinned: GREETERS, chat.Unpinned: GREETERS,
    safety.Muted: GREETERS, safety.Removed: GREETERS, safety.Unblocked: FACILITATORS, safety.Locked: SERVICE,
    safety.Unlocked: SERVICE, safety.Quieted: SERVICE, safety.Unquieted: SERVICE, floor.QueueOpened: TIMEKEEPERS,
}  # fmt: skip
"""Events that nobody makes without one of these roles."""


class Violation(AssertionError):  # noqa: N818
    """An invariant is broken."""

    def __init__(self, invariant: int, what: str) -> None:
        super().__init__(f"invariant {invariant}: {what}")
        self.invariant = invariant


class Node(Struct):
    """A log at a position, after one event; or at its beginning."""

    key: Key
    parent: Key | None  # for a log that was written back: where the log that it was before stood
    event: Event | None = None
    snapshot: bytes = b""  # of a beginning
    sees: People | None = None  # None: whoever was in the room
    inside: People = frozenset()
    is_taken_back: bool = False


class Copy:
    """The room, made anew from the log, up to some position."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self.key: Key | None = None
        self.room = Room()

    def at(self, key: Key) -> Room:
        if key != self.key:
            path = list[Node]()
            for node in self._oracle.back_from(key):
                if node.key == self.key:
                    break
                if node.event is None:
                    self.room = _decode_room(node.snapshot) if node.snapshot else Room()
                    break
                path.append(node)
            for node in reversed(path):
                assert node.event is not None
                evolve(self.room, node.event)
            self.key = key
        return self.room


class Oracle:
    def __init__(self, key: bytes, trace: Any) -> None:
        self.is_wiped = False
        self.may_lose = False  # something has happened after which acknowledged commands may be lost
        self._key = key
        self._trace = trace
        self._nodes: dict[Key, Node] = {}
        self._head: Key | None = None
        self._room = Copy(self)  # as it is at the head
        self._copies: dict[Replica, Copy] = {}
        self._looked: dict[Replica, Key] = {}
        self._seats: dict[str, str] = {}
        self._parted: set[str] = set()
        self._at = Copy(self)

    def wrong(self, invariant: int, what: str) -> None:
        raise Violation(invariant, what)

    # The log

    def changed(self, key: bytes, before: Any, after: Any) -> None:
        """What the simulated Redis holds has changed."""
        if key != self._key:
            return
        if after is None or b"wiped" in after:
            self.is_wiped = self.is_wiped or after is not None
            self._head = None
            return
        key_now = epoch, seq, _ = _head(after)
        head = self._head
        if key_now == head:
            return
        if head is not None and head[0] == epoch and head[1] < seq and before is not None and after is not before:
            self._grow(head, after, seq)
        elif key_now not in self._nodes:
            self._begin(key_now, after)
        self._head = key_now
        if self._nodes[key_now].key != key_now:
            self.wrong(4, "the log's head is not its last event")

    def _begin(self, key: Key, after: dict[bytes, bytes]) -> None:
        was = _decode_former(after[b"was"])
        parent = (was[-1].epoch, was[-1].seq, was[-1].tags[-1]) if was else None
        if parent is not None and parent not in self._nodes:
            self.wrong(4, f"a log was written back from {parent}, which never was")
        if int(after[b"saved"]) != key[1]:
            self.wrong(4, "a log was begun with more than a snapshot")
        snapshot = after.get(b"snapshot", b"")
        self._trace("log", "is begun", key, "was", parent)
        self._nodes[key] = Node(key, parent, None, snapshot)
        if parent is not None:
            room, then = _decode_room(snapshot), self._at.at(parent)
            if not _same(room, then):
                self.wrong(4, f"a room was written back otherwise than it was: {_difference(then, room)}")

    def _grow(self, head: Key, after: dict[bytes, bytes], seq: int) -> None:
        for number in range(head[1] + 1, seq + 1):
            stored = after[b"e%d" % number]
            tag, payload = stored[2:10].decode(), stored[10:]
            if tag != sha1(head[2].encode() + payload, usedforsecurity=False).hexdigest()[:8]:
                event = _decode_entry(payload).event
                if not (isinstance(event, chat.Said | floor.Shared) and not event.text):  # taken back as it was said
                    self.wrong(4, f"event {number} is not chained to the one before")
            entry = _decode_entry(payload)
            entry.event.seq, entry.event.tag = number, tag
            head = self._append(head, (head[0], number, tag), entry)

    def _audience(self, head: Key, room: Room, event: Event) -> Audience:
        """Who is to hear it; if what it is about was taken back at the same time on another worker, who heard that."""
        match event:
            case chat.Reacted(to=about) | chat.Unsaid(message=about) if about not in room.messages:
                for node in self.back_from(head):
                    if isinstance(node.event, chat.Said) and node.event.message == about:
                        return specification.audience(room, node.event)
        return specification.audience(room, event)

    def _append(self, head: Key, key: Key, entry: Entry) -> Key:
        room, event = self._room.at(head), entry.event
        audience = self._audience(head, room, event)
        self._check_the_floor(room, event)
        self._check_rights(room, event)
        self._check_blocks(room, event)
        self._check_it_is_new(head, room, event)
        team = set(room.service)
        before = set(room.participants)
        evolve(room, event)
        self._room.key = key
        sees = (
            None
            if audience.everyone
            else frozenset(audience.who) | (frozenset(team | set(room.service)) if audience.service else frozenset())
        )
        inside = frozenset(before | set(room.participants))
        last = self._nodes[head]
        inside = last.inside if last.inside == inside else inside
        self._nodes[key] = Node(key, head, event, b"", sees, inside)
        if isinstance(event, presence.Left | safety.Removed):
            self._parted.add(event.who)
        self._trace("log", key, msgspec.to_builtins(event))
        if isinstance(event, chat.Unsaid):
            for node in self.back_from(head):
                it = node.event
                if (isinstance(it, chat.Said) and it.message == event.message) or (
                    isinstance(it, floor.Shared) and it.share == event.message
                ):
                    node.is_taken_back = True
        if room.floor is not None and room.floor.who not in room.participants:
            self.wrong(1, "somebody who is not there has the floor")
        return key

    def _check_the_floor(self, room: Room, event: Event) -> None:
        if isinstance(event, floor.Called):
            who = room.participants.get(event.who)
            if room.floor is not None:
                self.wrong(1, f"{event.who} is called while another has the floor")
            if who is None or who.presence != "here":
                self.wrong(1, f"{event.who} is called and is not here")
        elif isinstance(event, floor.Began | floor.ShareEnded) and (room.floor is None or room.floor.id != event.share):
            self.wrong(1, f"{type(event).__name__} of somebody who has not got the floor")

    def _check_rights(self, room: Room, event: Event) -> None:
        needs = NEEDS.get(type(event))
        if needs is not None and event.by is not None and room.role_of(event.by) not in needs:
            self.wrong(5, f"a {room.role_of(event.by)} made {type(event).__name__}")
        if event.by is not None and event.by not in room.participants:
            self.wrong(5, f"somebody who is not in the room made {type(event).__name__}")

    def _check_blocks(self, room: Room, event: Event) -> None:
        if isinstance(event, presence.Joined | presence.Returned) and event.who in room.blocked:
            self.wrong(6, f"{event.who} is blocked and came back")
        if isinstance(event, presence.Joined) and event.who in room.participants:
            self.wrong(6, f"{event.who} joined twice")
        if isinstance(event, presence.Noted) and event.device_id in room.blocked_devices:
            self.wrong(6, f"{event.who} came with a blocked device")

    def _check_it_is_new(self, head: Key, room: Room, event: Event) -> None:
        """Each text is sent in one command only."""
        if event.by is None or not isinstance(event, chat.Said | floor.Shared | safety.HelpAsked) or not event.text:
            return
        twice = any(m.text == event.text for m in room.messages.values())
        twice = twice or (room.floor is not None and event.text in room.floor.paragraphs)
        if twice or any(_text_of(node.event) == event.text for node in self.back_from(head)):
            self.wrong(3, f"carried out twice: {event.text}")

    def is_settled(self, clients: list[Client], replicas: list[Replica]) -> bool:
        """Whether nothing more is to be expected of anybody."""
        if self._head is None:
            return self.is_wiped and not any(client.is_in for client in clients)
        room = self._room.at(self._head)
        return all(
            client.is_out
            or (
                client.is_in
                and client.position is not None
                and not any(noted.is_open for noted in client.notes.values())
                and (one := room.participants.get(ParticipantId(client.you))) is not None
                and one.presence == "here"
                and not any(
                    node.event is None or self._should_hear(client, node) for node in self._since(client.position)
                )
            )
            for client in clients
        ) and all((at.epoch, at.seq, at.tag) == self._head for at in (replica.position for replica in replicas))

    def _since(self, key: Key) -> Iterator[Node]:
        for node in self.back_from(self._head):
            if node.key == key:
                return
            yield node

    def _should_hear(self, client: Client, node: Node) -> bool:
        return node.event is not None and self._may_see(client.you, node) and not node.is_taken_back

    def back_from(self, key: Key | None) -> Iterator[Node]:
        while key is not None:
            node = self._nodes[key]
            yield node
            key = node.parent

    # The replicas

    def look_at(self, replica: Replica) -> None:
        """Invariant 4: a replica that is not busy is what the log makes."""
        at = replica.position
        if not at.epoch or replica._is_busy or replica._is_stale or replica.is_over:
            return
        key = at.epoch, at.seq, at.tag
        if self._looked.get(replica) == key:
            return
        if key not in self._nodes:
            self.wrong(4, f"a replica stands at {key}, where no log ever was")
        copy = self._copies.setdefault(replica, Copy(self))
        if not _same(copy.at(key), replica.room):
            self.wrong(4, f"a replica is not what the log makes at {key}: {_difference(copy.room, replica.room)}")
        self._looked[replica] = key

    # The clients

    def welcomed(self, client: Client, message: Message) -> None:
        key: Key = message["epoch"], message["seq"], message["tag"]
        if key not in self._nodes:
            self.wrong(2, f"{client.name} is welcomed at {key}, where no log ever was")
        you, room = message["you"], self._at.at(key)
        if you in room.blocked:
            self.wrong(6, f"{client.name} is blocked and welcome")
        if you not in room.participants:
            self.wrong(6, f"{client.name} is welcome and not in the room")
        if self._seats.setdefault(message["seat"], you) != you:
            self.wrong(6, f"the seat of {client.name} is somebody else's")
        if message["resumed"]:
            if not any(node.key == client.position for node in self.back_from(key)):
                self.wrong(2, f"{client.name} resumes at {key} from {client.position}, which was not before it")
        else:
            self._check_snapshot(client, you, room, message["room"])
        if message.get("lost") and not self.may_lose:
            self.wrong(3, f"{client.name} is told of a loss, and nothing can be lost")

    def shown_anew(self, client: Client, message: Message) -> None:
        key: Key = message["epoch"], message["seq"], message["tag"]
        if key not in self._nodes:
            self.wrong(2, f"{client.name} is shown {key}, where no log ever was")
        self._check_snapshot(client, client.you, self._at.at(key), message["room"])
        if message.get("lost") and not self.may_lose:
            self.wrong(3, f"{client.name} is told of a loss, and nothing can be lost")

    def _check_snapshot(self, client: Client, you: str, room: Room, shown: Message) -> None:
        who = ParticipantId(you)
        truth = View.of(msgspec.to_builtins(view(room, who, room.at)))
        if View.of(shown) != truth:
            self.wrong(4, f"{client.name} is shown {_difference(truth, View.of(shown))}")
        if shown.get("lobby") and room.role_of(who) not in SERVICE:
            self.wrong(5, f"{client.name} is shown the waiting room")
        for message in shown["chat"]["messages"]:
            to, by = message["to"], message["by"]
            if to == "service" and not (by == who or room.participants[who].service_spans):
                self.wrong(5, f"{client.name} is shown what is for the service team")
            if to not in {"everyone", "service"} and who not in {to, by}:
                self.wrong(5, f"{client.name} is shown what is for somebody else")

    def saw(self, client: Client, event: Message) -> None:
        """Invariant 2: what a client sees is next in the one order, less what it may not see."""
        position = client.position
        key: Key = position[0] if position else "", event["seq"], event["tag"]
        node = self._nodes.get(key)
        if position is None or node is None or node.event is None:
            self.wrong(2, f"{client.name} hears {event}, which never was")
            return
        if not self._may_see(client.you, node):
            self.wrong(5, f"{client.name} hears {event}")
        # What is taken back in the very batch that says it stands in the log without its text.
        told = event | {"text": ""} if _text_of(node.event) == "" else event
        if told != msgspec.to_builtins(node.event):
            self.wrong(2, f"{client.name} hears {event} where there was {node.event}")
        self._check_nothing_was_missed(client, node.parent)

    def _check_nothing_was_missed(self, client: Client, key: Key | None) -> None:
        """Between what the client saw last and `key` there is nothing that it should have seen."""
        for node in self.back_from(key):
            if node.key == client.position:
                return
            if node.event is None:
                break
            # Whoever goes may not hear the last that the service team heard: nobody knows that they were of it.
            has_gone = client.you in self._parted and node.sees is not None
            if self._may_see(client.you, node) and not node.is_taken_back and not has_gone:
                self.wrong(2, f"{client.name} at {client.position} did not hear {node.key} {node.event}")
        self.wrong(2, f"{client.name} at {client.position} goes on at {key}, which is not after it")

    def _may_see(self, who: str, node: Node) -> bool:
        return who in node.inside and (node.sees is None or who in node.sees)

    def acked(self, client: Client, noted: Noted) -> None:
        command = noted.command
        if noted.is_repeated or command["t"] not in {"say", "share", "ask_for_help"} or client.position is None:
            return
        marks = _marks_of_command(client.you, command)
        for node in self.back_from(client.position):
            if marks & _marks(node.event):
                return
        self.wrong(2, f"{client.name} has an ack of '{command['text']}' before it heard it")

    # The end

    def check_the_end(self, clients: list[Client], hash_: dict[bytes, bytes] | None, now: float) -> None:
        """Everybody sees the same; what was acknowledged happened; nobody waits for an answer."""
        if self._head is None:
            if not self.is_wiped:
                self.wrong(3, "the room is gone")
            return
        assert hash_ is not None
        room = self._room.at(self._head)
        self._check_the_log_as_it_is_kept(hash_, room)
        texts = {m.text for m in room.messages.values()}
        texts |= {mark for node in self.back_from(self._head) for mark in _marks(node.event)}
        for client in clients:
            if not (client.is_in or client.is_out):
                self.wrong(0, f"{client.name} did not come in any more")
            if client.is_in:
                self._check_nothing_was_missed(client, self._head)
                truth = View.of(msgspec.to_builtins(view(room, ParticipantId(client.you), room.at)))
                if client.view != truth:
                    self.wrong(2, f"{client.name} sees {_difference(truth, client.view)}")
                if (participant := room.participants.get(ParticipantId(client.you))) and participant.presence != "here":
                    self.wrong(0, f"{client.name} is here and counts as away")
                if ParticipantId(client.you) in room.blocked:
                    self.wrong(6, f"{client.name} is blocked and in the room")
                waiting = [noted.command for noted in client.notes.values() if noted.is_open]
                if waiting:
                    self.wrong(3, f"{client.name} still waits for answers to {waiting}")
            if self.may_lose and not client.is_in:
                continue  # whoever does not come back is told nothing
            for number, noted in client.notes.items():
                if noted.acked is not None and not any(at >= noted.acked_at for at in client.told_lost):
                    self._check_it_happened(client, number, noted, texts, hash_)

    def _check_it_happened(
        self, client: Client, number: int, noted: Noted, texts: set[str], hash_: dict[bytes, bytes]
    ) -> None:
        command = noted.command
        if command["t"] in {"say", "share", "ask_for_help"} and not texts & _marks_of_command(client.you, command):
            self.wrong(3, f"{client.name}'s '{command['text']}' was acknowledged and is lost")
        stored = hash_.get(f"c{client.you}".encode())
        # What changed nothing is not missed where a room was written back by somebody who had not heard of it.
        if stored is not None and not self.may_lose:
            last, _, done = stored.decode().partition(" ")
            behind = int(last) - number
            if behind < 0 or (behind < WINDOW and done[behind : behind + 1] != "1"):
                self.wrong(3, f"{client.name}'s {command} was acknowledged and is lost")

    def _check_the_log_as_it_is_kept(self, hash_: dict[bytes, bytes], room: Room) -> None:
        """Invariant 4, of what Redis holds at the end: the snapshot and the events after it, less texts taken back."""
        kept = _decode_room(hash_[b"snapshot"]) if b"snapshot" in hash_ else Room()
        for number in range(int(hash_[b"saved"]) + 1, _head(hash_)[1] + 1):
            stored = hash_[b"e%d" % number]
            entry = _decode_entry(stored[10:])
            entry.event.seq, entry.event.tag = number, stored[2:10].decode()
            evolve(kept, entry.event)
        if not _same(kept, room):
            self.wrong(4, f"the log makes another room: {_difference(room, kept)}")


def _head(hash_: dict[bytes, bytes]) -> Key:
    """Where the log stands."""
    epoch, seq, tag, _ = hash_[b"head"].decode().split(" ")
    return epoch, int(seq), tag


def _marks(event: Event | None) -> set[str]:
    """What shows which command an event is of: its text, or where that was taken back in the same batch, its author."""
    match event:
        case chat.Said(text=""):
            return {event.message}
        case floor.Shared(text=""):
            return {f"a share of {event.by}"}
    return {text} if (text := _text_of(event)) else set()


def _marks_of_command(who: str, command: Message) -> set[str]:
    return {command["text"], f"{who}-{command['id']}" if command["t"] == "say" else f"a share of {who}"}


def _text_of(event: Event | None) -> str | None:
    return event.text if isinstance(event, chat.Said | floor.Shared | safety.HelpAsked) else None


_ORDERED: Final = ("participants", "away", "gone", "service", "lobby", "told", "messages", "blocked")


def _same(one: Room, other: Room) -> bool:
    """Whether two rooms are the same, in what they keep in order, too."""
    return one == other and all(list(getattr(one, it)) == list(getattr(other, it)) for it in _ORDERED)


def _difference(expected: Struct, got: Struct) -> str:
    """The fields that are not the same."""
    pairs = ((name, getattr(expected, name), getattr(got, name)) for name in expected.__struct_fields__)
    return "; ".join(f"{name}: {one!r} and not {other!r}" for name, one, other in pairs if one != other) or "an order"
