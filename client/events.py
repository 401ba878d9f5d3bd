"""Events for one reader."""

import asyncio
from collections import deque
from typing import Final

from client.coming_back import Closed
from rooms.vocabulary import Event

EVENTS_UNREAD: Final = 10_000


class FellBehind(Exception):  # noqa: N818
    """The reader of these events has not kept up, and some are lost to it. The room's state has them all."""


class Events:
    """The events of one room for one reader: an asynchronous iterator, made by `RoomClient.events`."""

    def __init__(self, closed: Exception | None = None) -> None:
        self._closed = closed
        self._unread: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._is_behind = False

    def tell(self, event: Event) -> None:
        if len(self._unread) >= EVENTS_UNREAD:
            self._is_behind = True
            self._unread.clear()
        if not self._is_behind:
            self._unread.append(event)
        self._wake.set()

    def end(self, why: Exception) -> None:
        self._closed = why
        self._wake.set()

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Event:
        """The next event; safe to cancel."""
        while not self._unread:
            if self._is_behind:
                raise FellBehind
            if isinstance(self._closed, Closed):
                raise StopAsyncIteration
            if self._closed is not None:
                raise self._closed
            self._wake.clear()
            await self._wake.wait()
        return self._unread.popleft()
