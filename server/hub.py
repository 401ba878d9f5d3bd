"""The hub: carries a room's events to this worker's connections. It encodes once, frames once, and waits for nobody."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from rooms.presence import Left
from rooms.room import Room
from rooms.safety import Removed
from rooms.vocabulary import ParticipantId
from server.log import Entry
from server.transport import Connection
from server.wire import Message, TypingNews, framed

PARTINGS: Final = (Left, Removed)
TYPING_SECONDS: Final = 0.02  # news of who is writing is gathered for so long: it is chatty, and nobody waits for it


class Link(Protocol):
    """Somebody's connection, with whose it is and whether it speaks text."""

    who: ParticipantId
    text: bool
    connection: Connection


def _is_for_all(entry: Entry) -> bool:
    """Whether everybody sees it, and goes on to see what comes after it."""
    return entry.audience.everyone and not isinstance(entry.event, PARTINGS)


class Hub:
    """The connections of one room on this worker, at most one for each participant."""

    def __init__(self, tell_elsewhere: Callable[[dict[ParticipantId, bool]], None]) -> None:
        self.links: dict[ParticipantId, Link] = {}
        self._connections: dict[bool, dict[Link, Connection]] = {False: {}, True: {}}  # by encoding
        self._tell_elsewhere = tell_elsewhere  # who is writing here
        self._typing_here: dict[ParticipantId, bool] = {}
        self._typing: dict[ParticipantId, bool] = {}  # here and elsewhere

    def attach(self, link: Link) -> None:
        """Carry to `link` from now on, and no longer to what its participant had before."""
        if (before := self.links.get(link.who)) is not None:
            self.detach(before)
        self.links[link.who] = link
        self._connections[link.text][link] = link.connection

    def detach(self, link: Link) -> None:
        self._connections[link.text].pop(link, None)
        if self.links.get(link.who) is link:
            del self.links[link.who]

    def publish(self, room: Room, entries: Sequence[Entry], answers: Mapping[Link, list[Message]]) -> None:
        """Carry `entries` to all who may see them, and each asker's `answers` right behind them in the same write."""
        for text, connections in self._connections.items():
            if connections and entries:
                if all(map(_is_for_all, entries)):
                    data = framed([entry.event for entry in entries], text)
                    for link, messages in answers.items():
                        if link in connections:
                            link.connection.write(data + framed(messages, text))
                    asking = {link.connection for link in answers}
                    for write in [it.write for it in connections.values() if it not in asking]:
                        write(data)
                else:
                    self._publish_narrowly(room, entries, text, answers)
        for link, messages in answers.items():
            if not (entries and link in self._connections[link.text]):
                link.connection.write(framed(messages, link.text))

    def _publish_narrowly(
        self, room: Room, entries: Sequence[Entry], text: bool, answers: Mapping[Link, list[Message]]
    ) -> None:
        frames: dict[tuple[bool, ...], bytes] = {}
        parted = {entry.event.who: entry.event.seq for entry in entries if isinstance(entry.event, PARTINGS)}
        for link, connection in tuple(self._connections[text].items()):
            last = parted.get(link.who, sys.maxsize)  # whoever goes hears nothing of what comes after
            seen = tuple(
                entry.event.seq <= last and room.may_see(link.who, entry.event.seq, entry.audience) for entry in entries
            )
            data = frames.get(seen)
            if data is None:
                events = [entry.event for entry, may in zip(entries, seen, strict=True) if may]
                data = frames[seen] = framed(events, text) if events else b""
            if link in answers:
                data += framed(answers[link], text)
            if data:
                connection.write(data)

    def type(self, who: ParticipantId, on: bool) -> None:
        """Tell the others, soon, that `who` is writing here or has stopped."""
        self._typing_here[who] = on
        self.hear_typing({who: on})

    def hear_typing(self, news: dict[ParticipantId, bool]) -> None:
        """The same of some who are on other workers."""
        if not self._typing:
            asyncio.get_running_loop().call_later(TYPING_SECONDS, self._tell_who_types)
        self._typing |= news

    def _tell_who_types(self) -> None:
        if self._typing_here:
            self._tell_elsewhere(self._typing_here)
        news = [TypingNews(who=who, on=on) for who, on in self._typing.items()]
        self._typing, self._typing_here = {}, {}
        for text, connections in self._connections.items():
            if connections:
                data = framed(news, text)
                for link in tuple(connections):
                    if all(item.who != link.who for item in news):
                        link.connection.write_ephemeral(data)
                    elif others := [item for item in news if item.who != link.who]:
                        link.connection.write_ephemeral(framed(others, text))
