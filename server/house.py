"""The house: all rooms that are open on this worker."""

import asyncio
import gc
from contextlib import suppress
from typing import Final

from config.settings import Settings
from rooms.agenda import Close
from rooms.vocabulary import ParticipantId, Refused, RoomId
from server.clock import Clock
from server.log import Log
from server.replica import SORRY, Replica, World
from server.schedule.meetings import Occurrence, Schedule, Stored
from server.seats import Seats
from server.socket import Hellos
from server.stats import Metrics
from server.workers import Workers

SECRETS_KEPT: Final = 2000  # ms until an open room looks again whether its links are still the same
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
        self._by_slug: dict[str, Replica] = {}
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
        """The occurrence of a room id, or the current or next one of a meeting's slug; or why there is none."""
        replica = self._by_slug.get(room) or self._rooms.get(RoomId(room))
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
        except Exception as error:
            self._world.metrics.tell_of_fault(error)
            return SORRY
        finally:
            del self._lookups[room]
        if found is None:
            return Refused("no_such_room", "There is no such meeting here.")
        return found if isinstance(found, Occurrence) else Refused("ended", found.why)

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
            replica = self._rooms[occurrence.room] = self._by_slug[occurrence.slug] = Replica(occurrence, self._world)
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

    @property
    def connected(self) -> dict[RoomId, list[ParticipantId]]:
        """Whose connections this worker holds, by room."""
        return {replica.id: replica.door.connected for replica in self._rooms.values()}

    def look_for_the_lost(self) -> None:
        """A worker is gone."""
        for replica in self._rooms.values():
            replica.look_for_the_lost()

    async def close(self, deleted: Stored) -> None:
        """The meeting was deleted: its room ends, on whichever worker it is open."""
        replica = self._by_slug.get(deleted.slug)
        if replica is None and self.settings.redis and (it := deleted.next(self._clock(), frozenset())) is not None:
            with suppress(Refused):
                replica = self.replica_of(it)
        if replica is not None:
            replica.request(Close())

    def _forget(self, replica: Replica) -> None:
        self._rooms.pop(replica.id, None)
        if self._by_slug.get(replica.occurrence.slug) is replica:
            del self._by_slug[replica.occurrence.slug]
        if replica.is_over:
            self.hellos.turn_away(replica.id, OVER)
            if self._collecting is None:
                self._collecting = asyncio.get_running_loop().call_later(COLLECTED_AFTER, self._collect)

    def _collect(self) -> None:
        """Whatever of ended rooms still holds itself goes now, and not when the collector comes by."""
        self._collecting = None
        gc.collect()
