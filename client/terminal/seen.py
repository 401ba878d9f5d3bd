"""What this terminal has shown, and how people refer to it: people by name, messages and shares by number."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Final

from client.terminal.text import harmless
from rooms.chat import Celebration, Message, Pinned
from rooms.presence import Participant
from rooms.room import Room
from rooms.vocabulary import SERVICE, Event, ParticipantId, Role, ShareId

_NUMBERED: Final = re.compile(r"(.*?)\s*@(\d{1,9})", re.DOTALL)
_QUOTED: Final = re.compile(r'"([^"]*)"\s*(.*)', re.DOTALL)
_OURS: Final = frozenset({"you", "the room", "somebody"})  # what a name is not to be mistaken for

MOST_WORDS: Final = 8  # that are looked through for a name, where text follows it


class Misunderstood(Exception):  # noqa: N818
    """What was typed says nothing that could be asked of the room. Its sentence is for whoever typed it."""


class Seen:
    """The room as this terminal knows it, with the names and numbers that it has given to things.

    `room` is the state that the client keeps up to date. A number, once given, means the same for as long as one is in.
    """

    def __init__(self, room: Room, you: ParticipantId, now: Callable[[], int]) -> None:
        self.room = room
        self.you = you
        self.now = now  # ms, on the room's clock
        self.my_share: ShareId | None = None
        """The share that one is writing, until one says that it is done."""
        self._names: dict[ParticipantId, str] = {}
        self._likenesses: dict[ParticipantId, str] = {}
        self._people: dict[ParticipantId, int] = {}
        self._messages: dict[str, int] = {}
        self.look()

    def look(self) -> None:
        """Learn the names of all that the room knows."""
        room = self.room
        known: tuple[dict[ParticipantId, Any], ...] = (room.participants, room.gone, room.lobby, room.blocked)
        for who, person in chain.from_iterable(people.items() for people in known):
            self.learn(who, person.name)
        for asked in room.requests.values():
            if asked.by not in self._names:  # whose line is gone
                self.learn(asked.by, asked.name)
        quoted: tuple[Message | Celebration, ...] = (*room.messages.values(), *room.celebrations)
        for said in quoted:
            if said.by is not None and said.name is not None:
                self.learn(said.by, said.name)

    def listen(self, event: Event) -> None:
        """Learn the name that an event brings: of whom it is about, or else of whose doing it is."""
        if isinstance(event, Pinned):
            who, name = event.said.by, event.said.name
        else:
            who, name = getattr(event, "who", event.by), getattr(event, "name", None)
        if who is not None and name is not None:
            self.learn(who, name)

    def learn(self, who: ParticipantId, name: str) -> None:
        self._people.setdefault(who, len(self._people) + 1)
        self._names[who], self._likenesses[who] = harmless(name), _likeness(name)

    @property
    def me(self) -> Participant | None:
        return self.room.participants.get(self.you)

    @property
    def role(self) -> Role:
        return self.me.role if self.me is not None else "member"

    @property
    def serves(self) -> bool:
        return self.role in SERVICE

    @property
    def has_the_floor(self) -> bool:
        return self.room.floor is not None and self.room.floor.who == self.you

    # People

    def name(self, who: ParticipantId | None) -> str:
        """The name to show; with a number where somebody else who is here has the same."""
        if who is None:
            return "The room"
        name, likeness = self._names.get(who), self._likenesses.get(who)
        if name is None:
            return "Somebody"
        same = (other for other in self.room.participants if other != who and self._likenesses.get(other) == likeness)
        if "@" in name or likeness in _OURS or next(same, None) is not None:
            return f"{name} @{self.number(who)}"
        return name

    def subject(self, who: ParticipantId | None) -> str:
        return "You" if who == self.you else self.name(who)

    def object(self, who: ParticipantId | None) -> str:
        return "you" if who == self.you else self.name(who)

    def does(self, who: ParticipantId | None, you_do: str, they_do: str) -> str:
        return f"You {you_do}" if who == self.you else f"{self.name(who)} {they_do}"

    def number(self, who: ParticipantId) -> int:
        return self._people[who]

    def find(self, typed: str, among: Iterable[ParticipantId]) -> ParticipantId:
        """Who is meant by a name, its unambiguous beginning, or `@number`. Raises `Misunderstood`."""
        typed, candidates = typed.strip().strip('"'), list(among)
        if not typed:
            raise Misunderstood("Say whom you mean.")
        if numbered := _NUMBERED.fullmatch(typed):
            return self._numbered(numbered[1], int(numbered[2]), candidates)
        wanted = _likeness(typed)
        exact = [who for who in candidates if self._likenesses.get(who) == wanted]
        begin = [who for who in candidates if self._likenesses.get(who, "").startswith(wanted)]
        return self._one(exact or begin, typed)

    def find_first(self, typed: str, among: Iterable[ParticipantId]) -> tuple[ParticipantId, str]:
        """Who is meant by the first words of `typed`, and the rest of it. Raises `Misunderstood`."""
        candidates = list(among)
        if quoted := _QUOTED.fullmatch(typed.strip()):
            return self.find(quoted[1], candidates), quoted[2]
        found = list[tuple[ParticipantId, str]]()
        for count in range(len(typed.split()[:MOST_WORDS]), 0, -1):
            words = typed.split(maxsplit=count)
            head, rest = " ".join(words[:count]), "".join(words[count:])
            meant = [(who, rest) for who in candidates if self._is_called(who, head)]
            if meant and _NUMBERED.fullmatch(head):
                return meant[0]
            found += meant
        if found:
            self._one([who for who, _ in found], typed)
            return found[0]
        first, _, rest = typed.strip().partition(" ")
        return self.find(first, candidates), rest.strip()

    def _is_called(self, who: ParticipantId, typed: str) -> bool:
        """Whether this is the whole name of `who`, the number, or both."""
        if numbered := _NUMBERED.fullmatch(typed):
            is_it = int(numbered[2]) == self._people.get(who)
            return is_it and (not numbered[1] or _likeness(numbered[1]) == self._likenesses[who])
        return self._likenesses.get(who) == _likeness(typed)

    def _numbered(self, name: str, number: int, candidates: list[ParticipantId]) -> ParticipantId:
        found = [who for who in candidates if self._people.get(who) == number]
        if found and self._is_called(found[0], f"{name} @{number}"):
            return found[0]
        raise Misunderstood(f"Nobody of that name is @{number}. /who lists everybody.")

    def _one(self, found: list[ParticipantId], typed: str) -> ParticipantId:
        if len(found) == 1:
            return found[0]
        if not found:
            raise Misunderstood(f"Nobody here is called {typed}. /who lists everybody.")
        several = ", ".join(f"{self._names[who]} @{self.number(who)}" for who in found[:8])
        raise Misunderstood(
            f"That may be any of these: {several}. Say which, with the number: @{self.number(found[0])}."
        )

    # Messages and shares

    def number_of(self, message: str) -> int:
        """The number of a message or share, given now if it has none."""
        return self._messages.setdefault(message, len(self._messages) + 1)

    def was_shown(self, message: str) -> bool:
        return message in self._messages

    def message(self, typed: str) -> str:
        """The message or share of that number. Raises `Misunderstood`."""
        wanted = typed.strip().strip("[]#")
        for message, number in self._messages.items():
            if str(number) == wanted:
                return message
        raise Misunderstood("Say which message, by its number.")


def _likeness(name: str) -> str:
    """What two names have in common that look or sound the same."""
    plain = unicodedata.normalize("NFKC", harmless(name)).casefold().replace("\u200c", "").replace("\u200d", "")
    return " ".join(plain.split())
