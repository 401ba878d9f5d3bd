"""The house: all rooms that are open on this worker."""

import asyncio
import gc
from bisect import insort
from contextlib import suppress
from typing import Final

from config.settings import Settings
from rooms.agenda import Close
from rooms.vocabulary import ParticipantId, Refused, RoomId
from server.clock import Clock
from server.log import Log, Unavailable
from server.replica import SORRY, Replica, World
from server.schedule.meetings import SLUG, Occurrence, Schedule, Stored
from server.seats import Seats
from server.socket import Hellos
from server.stats import Metrics
from server.workers import Workers

SECRETS_KEPT: Final = 2000  # ms until an open room looks again whether its links are still the same
TOLD_AGAIN: Final = 3_600_000  # ms until other workers are told again which rooms are open; it is known for longer
COLLECTED_AFTER: Final = 5.0  # seconds after a room has ended, and for all that end within them together
OVER: Final = Refused("ended", "This meeting is over.")


class House:
    """Opens a room's replica when the first person says hello, and forgets it when the room is over."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        log: Log,
        seats: Seats,
        schedule: Schedule,
        workers: Workers,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.stats = metrics.stats
        self.hellos = Hellos(settings.hello_seconds)
        self._schedule = schedule
        self._clock = clock
        self._world = World(
            settings, clock, log, seats, workers, metrics.stats, metrics, schedule.mark_ended, self._forget
        )
        self._lookups: dict[str, asyncio.Task[Occurrence | Refused]] = {}
        self._rooms: dict[RoomId, Replica] = {}
        self._by_slug: dict[str, list[Replica]] = {}  # by their starts
        self._named: dict[str, tuple[RoomId, int]] = {}  # of these, by slug: what the schedule named last, and when
        self._told: dict[RoomId, int] = {}  # when other workers were told that it is open
        self._tasks: asyncio.TaskGroup | None = None
        self._collecting: asyncio.TimerHandle | None = None

    @property
    def now(self) -> int:
        return self._clock()

    def __len__(self) -> int:
        return len(self._rooms)

    async def live(self) -> None:
        """Own the rooms' tasks until cancelled."""
        self._schedule.on_deleted = self.close
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None  # whoever comes now is a moment too late

    async def find(self, room: str) -> Occurrence | Refused:
        """The occurrence of a room id, or the current or next one of a meeting's slug; or why there is none.

        A room that is open, here or on another worker, is found whatever the schedule says by now: its time may be
        over, its date cancelled.
        """
        replica = self._rooms.get(RoomId(room)) or self._open_here(room) or self._just_named(room)
        if replica is not None and not replica.is_over:
            await self._renew_secrets(replica)
            return replica.occurrence
        lookup = self._lookups.get(room)
        if lookup is None:  # else somebody asks for the same just now, as everybody does when a meeting begins
            lookup = self._lookups[room] = asyncio.create_task(self._look_up(room))
        return await asyncio.shield(lookup)

    async def _look_up(self, room: str) -> Occurrence | Refused:
        try:
            found = await self._schedule.occurrence(room, self._clock())
            if (opened := await self._open_elsewhere(room, found)) is not None:
                found = opened
        except Exception as error:
            self._world.metrics.tell_of_fault(error)
            return SORRY
        finally:
            del self._lookups[room]
        if found is None:
            return Refused("no_such_room", "There is no such meeting here.")
        if not isinstance(found, Occurrence):
            return Refused("ended", found.why)
        if (replica := self._rooms.get(found.room)) is not None:
            replica.secrets, replica.secrets_at = found.secrets, self._clock()
            if room == found.slug:
                self._named[room] = found.room, replica.secrets_at
        return found

    def _open_here(self, slug: str) -> Replica | None:
        """The first of its rooms that is open here; one whose doors are closed may be of a later date."""
        now, replicas = self._clock(), self._by_slug.get(slug, ())
        return next((it for it in replicas if not it.is_over and it.occurrence.doors_at <= now), None)

    def _just_named(self, slug: str) -> Replica | None:
        """The room before whose doors many wait, perhaps: the schedule is not asked for each of them."""
        room, at = self._named.get(slug, (None, 0))
        return self._rooms.get(room) if room and self._clock() - at < SECRETS_KEPT else None

    async def _open_elsewhere(self, room: str, planned: object) -> Occurrence | None:
        """The meeting's room that is open on any worker, if it is the one asked for, and not the planned one anyway."""
        slug, dot, _ = room.partition(".")
        told = await self._told_of(slug) if SLUG.fullmatch(slug) else None
        if told is None or (dot and told[0] != room) or (isinstance(planned, Occurrence) and planned.room == told[0]):
            return None
        with suppress(Unavailable):
            [head] = await self._world.log.heads([told[0]])
            stored = None if head is None else await self._schedule.get(slug)
            if stored is not None:
                opened = stored.opened(*told)
                # A room that all its workers left behind when they died stands in nobody's way.
                is_left = isinstance(planned, Occurrence) and opened.is_surely_over(self._clock())
                return None if is_left else opened
        return None

    async def _told_of(self, slug: str) -> tuple[RoomId, int] | None:
        """The meeting's room that was open on some worker, as far as is known, and its start."""
        with suppress(Unavailable):  # then nobody can come in anyway
            return await self._world.workers.open_room(slug)
        return None

    async def _renew_secrets(self, replica: Replica) -> None:
        """Links that were made anew, and a new passcode, hold for open rooms, too, and the old ones no more."""
        now = self._clock()
        if now - replica.secrets_at < SECRETS_KEPT:
            return
        replica.secrets_at = now
        try:
            stored = await self._schedule.get(replica.occurrence.slug)
        except Exception as error:  # the room does not need the schedule to go on
            self._world.metrics.tell_of_fault(error)
        else:
            if stored is not None:
                replica.secrets = stored.secrets

    def replica_of(self, occurrence: Occurrence) -> Replica:
        """The occurrence's replica, opened if nobody was there yet. Raises `Refused`: `full`, `unavailable`."""
        replica = self._rooms.get(occurrence.room)
        if replica is None:
            if self._tasks is None:
                raise SORRY from None
            if len(self._rooms) >= self.settings.rooms:
                raise Refused("full", "Too many meetings are open here just now.")
            replica = self._rooms[occurrence.room] = Replica(occurrence, self._world)
            insort(self._by_slug.setdefault(occurrence.slug, []), replica, key=lambda it: it.occurrence.starts_at)
            self._tasks.create_task(replica.run(), name="room")
        return replica

    async def compare(self) -> None:
        """Look whether every open room stands where its log does. Raises `Unavailable`."""
        replicas = [replica for replica in self._rooms.values() if replica.position.epoch]
        before = [replica.position for replica in replicas]
        if replicas:
            heads = await self._world.log.heads([replica.id for replica in replicas])
            for replica, head, at in zip(replicas, heads, before, strict=True):
                replica.compare(head, at)

    async def tell_of_open(self, *, again: bool = False) -> None:
        """Tell other workers which rooms are open, of each once in a while, or of all `again`. Raises `Unavailable`.

        Not of those whose doors are closed: somebody may wait there for a later date, by its room's id.
        """
        now = self._clock()
        rooms = {
            replica.id: replica.occurrence.starts_at
            for replica in self._rooms.values()
            if replica.position.epoch
            and (again or now - self._told.get(replica.id, 0) >= TOLD_AGAIN)
            and replica is self._open_here(replica.occurrence.slug)
        }
        if rooms:
            await self._world.workers.tell_of_open(rooms)
            self._told |= {room: now for room in rooms if room in self._rooms}

    @property
    def connected(self) -> dict[RoomId, list[ParticipantId]]:
        """Whose connections this worker holds, by room."""
        return {replica.id: replica.door.connected for replica in self._rooms.values()}

    def look_for_the_lost(self) -> None:
        """A worker is gone."""
        for replica in self._rooms.values():
            replica.look_for_the_lost()

    async def close(self, deleted: Stored) -> None:
        """The meeting was deleted: its rooms end, on whichever workers they are open."""
        told = await self._told_of(deleted.slug)
        found = (deleted.next(self._clock(), frozenset()), told and deleted.opened(*told))
        for it in (it for it in found if it is not None):
            try:
                [head] = await self._world.log.heads([it.room])
                is_open = head is not None
            except Unavailable:  # then it is asked as soon as it can be
                is_open = True
            with suppress(Refused):
                if is_open:
                    self.replica_of(it)
        for replica in self._by_slug.get(deleted.slug, ()):
            replica.request(Close())

    def _forget(self, replica: Replica) -> None:
        del self._rooms[replica.id]
        self._told.pop(replica.id, None)
        of_slug = self._by_slug[replica.occurrence.slug]
        of_slug.remove(replica)
        if not of_slug:
            del self._by_slug[replica.occurrence.slug]
            self._named.pop(replica.occurrence.slug, None)
        if replica.is_over:
            self.hellos.turn_away(replica.id, OVER)
            if self._collecting is None:
                self._collecting = asyncio.get_running_loop().call_later(COLLECTED_AFTER, self._collect)

    def _collect(self) -> None:
        """Whatever of ended rooms still holds itself goes now, and not when the collector comes by."""
        self._collecting = None
        gc.collect()
