"""A replica: this worker's copy of a room. It follows the log, carries out commands, meets deadlines.

One task for each room. What has come in while it was away is decided one after the other on the evolving state,
appended as one batch, and published once. Whoever arrives waits in the same line, so nobody sees what is not yet true.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from time import perf_counter
from typing import Final

import msgspec
from msgspec import Struct, field

from config.settings import Settings
from rooms import agenda, chat, presence
from rooms.interleaving import commute, put_before
from rooms.room import Room, decide, evolve, next_deadline
from rooms.view import audience
from rooms.vocabulary import Command, Event, ParticipantId, Refused, Request, RoomId, Tick
from server.clock import Clock
from server.door import FAULT, Arrival, Door, Encoded, Link
from server.hub import PARTINGS
from server.hub import Link as HubLink
from server.log import (
    FORMER_LOGS,
    Batch,
    Conflict,
    Entry,
    Former,
    History,
    Loaded,
    Log,
    News,
    Position,
    Unavailable,
    Window,
    Wiped,
    blank,
    payload_of,
)
from server.schedule.meetings import Occurrence
from server.seats import Seats, device_id
from server.stats import Metrics, Outcome, Stats
from server.wire import Ack, Message, refused
from server.workers import Workers

AGAIN_SECONDS: Final = 1.0  # until the room asks again for what it could not have
LONGEST_TIMER: Final = 24 * 3600.0  # seconds; longer waits are taken in steps

SORRY: Final = Refused("unavailable", "The meeting cannot be reached just now. Please try again.", AGAIN_SECONDS)

_decode_room: Final = msgspec.msgpack.Decoder(Room).decode
_encode_room: Final = msgspec.msgpack.Encoder().encode


class World(Struct, frozen=True):
    """What a room touches besides itself."""

    settings: Settings
    clock: Clock
    log: Log
    seats: Seats
    workers: Workers
    stats: Stats
    metrics: Metrics
    ended: Callable[[RoomId], Awaitable[None]]  # remembers that the occurrence is over
    finished: Callable[["Replica"], None]  # forgets the replica

    def call_at(self, at: int, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        """Call back when the room's clock shows `at`, or a day from now if that is sooner."""
        seconds = min(max(0, at - self.clock() + 1) / 1000, LONGEST_TIMER)
        return asyncio.get_running_loop().call_later(seconds, callback, *args)


class Ask(Struct):
    """A command from the wire."""

    link: Link
    command: Command


Item = Ask | Arrival | Request


class Draft(Struct):
    """What is decided, and not yet true."""

    batch: Batch
    answers: dict[HubLink, list[Message]] = field(default_factory=dict)
    arrived: list[tuple[Arrival, ParticipantId]] = field(default_factory=list)
    turned_away: list[tuple[Arrival, Refused]] = field(default_factory=list)


class Replica:
    """The room of one occurrence, on this worker."""

    def __init__(self, occurrence: Occurrence, world: World) -> None:
        self.occurrence = occurrence
        self.id: RoomId = occurrence.room
        self.world = world
        self.secrets = occurrence.secrets
        self.secrets_at = world.clock()  # when they were looked up
        self.room = Room()
        self.position = Position()
        self.history = History()
        self.is_over = False
        self.door = Door(self)
        self._hub = self.door.hub
        self._windows: dict[ParticipantId, Window] = {}
        self._is_stale = True
        self._is_busy = False
        self._saved = 0  # the seq of the last snapshot
        self._must_save = False
        self._was: tuple[Former, ...] = ()  # see `Loaded`
        self._kept, self._kept_at = b"", 0  # the snapshot that this replica goes back to
        self._told = 0  # the seq of the last event that the hub has carried
        self._served: set[ParticipantId] = set()  # the service team at that event
        self._inbox: list[Item] = []
        self._news: list[News] = []
        self._has_work = False
        self._sleep: asyncio.Future[None] | None = None
        self._unanswered: list[Request] = []
        self._again: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._armed_for = -1  # the version of the state that the timer was armed for

    # What is asked of the room; none of it waits

    def ask(self, link: Link, command: Command) -> None:
        """A participant's command. Answered with an `ack` or a `refused`."""
        self._inbox.append(Ask(link, command))
        self._wake()

    def request(self, *requests: Arrival | Request) -> None:
        """Something that the server itself asks of the room."""
        self._inbox += requests
        self._wake()

    def hear(self, news: News) -> None:
        """Somebody appended to the log; perhaps this worker."""
        self._news.append(news)
        self._wake()

    def compare(self, head: Position | None, before: Position) -> None:
        """The log was seen to stand at `head`, asked when this replica stood at `before`."""
        if self.position == before and head != before and not self._is_busy:
            self.world.stats.gaps["comparison"] += 1
            self._is_stale = True
            self._wake()

    def look_for_the_lost(self) -> None:
        """A worker is gone: its people may be here by and by, or are away."""
        for who, participant in self.room.participants.items():
            if participant.presence == "here" and participant.device and not self.door.is_connected(who):
                self.door.look_for(who)

    def look_around(self) -> None:
        """Perhaps nobody is here any more, and nobody ever was."""
        self._wake()

    def goes_on_from(self, position: Position) -> bool:
        """Whether all that was true at that position is true here, as far as is known."""
        if position.epoch == self.position.epoch:
            is_behind = position.seq <= self.position.seq
            return is_behind and self.history.tag_at(position.seq) in {position.tag, None}
        return any(former.has(position) for former in self._was)

    def last_command(self, who: ParticipantId) -> int:
        """The greatest command id carried out for `who`, 0 for none."""
        window = self._windows.get(who)
        return 0 if window is None else window.last

    # The one task

    def _wake(self) -> None:
        """There is something to do. (An `asyncio.Event` is for any number of listeners, and costs more.)"""
        self._has_work = True
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)

    async def run(self) -> None:
        """Live until the room is over, or until it turns out that nobody came."""
        loop = asyncio.get_running_loop()
        try:
            while not self.is_over:
                if self._has_work:
                    await asyncio.sleep(0)  # for what lies in the sockets by now to become one batch with it
                else:
                    self._sleep = loop.create_future()
                    await self._sleep
                self._has_work = False
                inbox, self._inbox = self._inbox, []
                self._is_busy = True
                try:
                    await self._carry_out(inbox)
                except Wiped:
                    self._end(inbox)
                except Exception as error:
                    self._fail(inbox, error)
                self._is_busy = False
                if not self._inbox and self.door.is_deserted and self._is_untouched:
                    break
        finally:
            await self._finish()

    async def _carry_out(self, inbox: list[Item]) -> None:
        while True:
            self._catch_up()
            others = [item for item in inbox if not isinstance(item, Ask)]
            if self._is_stale or (others and self._is_behind(others)):
                await self._reload()
            elsewhere = await self._elsewhere(others) if others else ()
            now = max(self.world.clock(), self.room.at)
            draft = Draft(Batch(self.position, self.room.version, self.room.version))
            if not self.room.id:
                self._open(draft.batch, now)
            for item in inbox:
                if isinstance(item, Ask):
                    self._decide_command(draft, item, now)
                elif isinstance(item, Arrival):
                    self._decide_arrival(draft, item, now)
                elif not self._is_outdated(item, elsewhere):
                    self._apply(draft.batch, decide(self.room, item, None, now), now)
            try:
                entries = await self._append(draft)
                break
            except Conflict:
                self.world.stats.conflicts += 1
                self._is_stale = True
        encoded: Encoded = {}
        self._tell(entries, draft.answers, now, encoded)
        if entries:
            self.world.stats.delivery["here"].observe((self.world.clock() - now) / 1000)
        for arrival, refusal in draft.turned_away:
            self.door.turn_away(arrival.link, refusal)
        if draft.arrived:
            self.door.receive(draft.arrived, now, encoded)
        self.door.tell_places(now)
        if self.room.state == "ended":
            self._end()
        self._arm()

    async def _append(self, draft: Draft) -> list[Entry]:
        """Make the draft true; what is to be told of now, in order."""
        batch = draft.batch
        if not batch.entries and not batch.commands:
            return []
        room, batch.version = self.room, self.room.version
        if batch.version > batch.expected:
            parted = dict.fromkeys(entry.event.who for entry in batch.entries if isinstance(entry.event, PARTINGS))
            batch.parted = [who for who in parted if who not in room.gone and who not in room.participants]
        forgotten = [entry.event.seq for entry in batch.forget]
        stats, asked = self.world.stats, perf_counter()
        appended = await self.world.log.append(self.id, batch)
        stats.appending.observe(perf_counter() - asked)
        if appended.missed and not self._put_before(appended.missed, draft):
            self._is_stale = True
            await self._reload()
            entries = []
        else:
            entries = [*appended.missed, *batch.entries]
            room.tag, self.position, self._saved = appended.position.tag, appended.position, appended.saved
            self.history.add(entries)
            for seq, entry in zip(forgotten, batch.forget, strict=True):
                self.history.replace(seq if seq <= batch.base.seq else seq + len(appended.missed), entry)
            for who, (_, window) in batch.windows.items():
                self._windows[who] = window
            self._windows |= appended.windows
            for who in batch.parted:
                self._windows.pop(who, None)
        stats.batches += 1
        stats.events += len(batch.entries)
        stats.commands += len(batch.commands)
        self._must_save |= bool(forgotten) and min(forgotten) <= self._saved
        if self._must_save or self.position.seq - self._saved >= self.world.settings.room_events:
            await self._save()
        return entries

    def _put_before(self, missed: Sequence[Entry], draft: Draft) -> bool:
        """Let what others said stand before what is appended; False if the state is to be read again for that."""
        base = draft.batch.base.seq
        for ack in (it for answers in draft.answers.values() for it in answers if isinstance(it, Ack)):
            if ack.seq > base:
                ack.seq += len(missed)
        theirs, ours = [entry.event for entry in missed], [entry.event for entry in draft.batch.entries]
        if not commute(self.room, ours, theirs):
            return False
        put_before(self.room, theirs, ours)
        return True

    async def _save(self) -> None:
        self._keep()
        try:
            await self.world.log.save(self.id, self._kept, self.position)
        except Unavailable:
            self._must_save = True  # with what is appended next; for what was appended now is true
        else:
            self._must_save = False
            self.history.drop(self._saved)
            self._saved = self.position.seq

    def _keep(self) -> None:
        """Keep the state as it is here, for what is decided on it may turn out not to have become true."""
        self._kept, self._kept_at = _encode_room(self.room), self.position.seq

    def _true_room(self) -> Room:
        """The state at this replica's position, without what was decided since."""
        room = _decode_room(self._kept) if self._kept else Room()
        for entry in self.history.after(self._kept_at) or ():
            evolve(room, entry.event)
        return room

    # Following the log, and other workers

    async def _elsewhere(self, inbox: Sequence[Item]) -> Collection[ParticipantId]:
        """Whose line has ended here, and goes on at another worker."""
        lost = [item.who for item in inbox if isinstance(item, presence.Disconnect)]
        return await self.world.workers.elsewhere(self.id, lost) if lost else ()

    def _is_behind(self, inbox: Sequence[Item]) -> bool:
        """Whether somebody comes who has seen more than this replica, on another worker."""
        at = self.position
        hellos = (item.hello for item in inbox if isinstance(item, Arrival) and item.seat is not None)
        return any(
            it.since is not None and ((it.epoch == at.epoch and it.since > at.seq) or it.epoch not in self._epochs)
            for it in hellos
        )

    def _catch_up(self) -> None:
        """Take in what other workers have appended."""
        news, self._news = self._news, []
        for item in news:
            if item.base == self.position and not self._is_stale:
                self._take(item)
            elif item.position.epoch != self.position.epoch or item.position.seq > self.position.seq:
                self.world.stats.gaps["news"] += not self._is_stale
                self._is_stale = True
            elif self.history.tag_at(item.position.seq) == item.position.tag:
                self._remember(item)  # its events came with an append of ours, but not whose commands they were

    def _take(self, news: News) -> None:
        for entry in news.entries:
            for seq in chat.forgotten_by(self.room, entry.event):
                if (without_text := self.history.blank(seq)) is not None:
                    self.history.replace(seq, without_text)
            evolve(self.room, entry.event)
        self.position = news.position
        self.history.add(news.entries)
        self._remember(news)
        if len(self.history.entries) > 2 * self.world.settings.room_events:
            self._keep()
            self.history.drop(self.position.seq - self.world.settings.room_events)
        now = self.world.clock()
        self._tell(news.entries, {}, now, {})
        if news.entries:
            self.world.stats.delivery["elsewhere"].observe((now - news.entries[0].event.at) / 1000)

    def _remember(self, news: News) -> None:
        """Note which commands of others were carried out."""
        for who, command in news.commands:
            self._windows.setdefault(who, Window()).add(command)
        for who in news.parted:
            self._windows.pop(who, None)

    async def _reload(self) -> None:
        """Make the state anew from the log, and tell what happened there without us. Raises `Wiped`."""
        log, at = self.world.log, self.position
        if not at.epoch:
            await log.follow(self.id, self.hear)
            await self.world.workers.follow(self.id, self.door.taken, self._hub.hear_typing)
        loaded = await log.load(self.id)
        while loaded is None or self._has_more_than(loaded.position):
            loaded = await self._begin(None if loaded is None else loaded.position) or await log.load(self.id)
        self.history = loaded.history
        self._kept, self._kept_at = loaded.snapshot or b"", loaded.saved
        self.room, self.position, self._windows = self._true_room(), loaded.position, loaded.windows
        self._saved = loaded.saved
        self._armed_for = -1
        self._is_stale = False
        self._was = loaded.was
        is_whole = not at.epoch or self.goes_on_from(at)
        missed = self.history.after(self._told) if is_whole and at.epoch in {"", self.position.epoch} else None
        if at.epoch:
            outcome: Outcome = "lost" if not is_whole else "snapshot" if missed is None else "resumed"
            self.world.stats.resyncs[outcome] += 1
        if missed is None:
            self._told = self.position.seq
            self.door.show_everybody_anew(self.world.clock(), is_lost=not is_whole)
        elif missed:
            self._tell(missed, {}, self.world.clock(), {})
        if not at.epoch:
            self.look_for_the_lost()

    def _has_more_than(self, log: Position) -> bool:
        """Whether the log, or one that this one goes on from, has lost its end; of two ends the longer one counts."""
        return log.epoch in self._epochs and log.seq < self.position.seq

    @property
    def _epochs(self) -> set[str]:
        """The names of the logs that this replica's is, and goes on from."""
        return {self.position.epoch, *(former.epoch for former in self._was)}

    async def _begin(self, seen: Position | None) -> Loaded | None:
        """Make the log: of a room that is new; or, where it was lost or has lost its end, of what this worker has.

        None if another worker was faster.
        """
        log, at = self.world.log, self.position
        state = Loaded(Position(secrets.token_hex(4)))
        if at.epoch:
            if not await log.has_most(self.id, at.seq):
                raise Unavailable
            self.world.stats.written_back += 1
            room = self._true_room()
            state = Loaded(
                Position(state.position.epoch, at.seq, at.tag),
                _encode_room(room),
                History([], at.seq, at.tag),
                self._windows,
                room.version,
                at.seq,
                (*self._was, self.history.former(at.epoch))[-FORMER_LOGS:],
            )
        return state if await log.begin(self.id, state, seen) else None

    # Deciding

    def _open(self, batch: Batch, now: int) -> None:
        it, settings = self.occurrence, self.world.settings
        limits = agenda.Limits(
            participants=settings.room_participants,
            lobby=settings.room_lobby,
            hands=settings.room_hands,
            messages=settings.room_messages,
        )
        ask = agenda.Open(
            it.room, it.slug, it.name, it.timezone, it.format, it.starts_at, it.ends_at, it.waits_for_start, limits
        )
        self._apply(batch, decide(self.room, ask, None, now))

    def _is_outdated(self, item: Request, elsewhere: Collection[ParticipantId]) -> bool:
        """Whether somebody is back, here or `elsewhere`, or gone again, in the meantime."""
        match item:
            case presence.Disconnect():
                return item.who in elsewhere or self.door.is_connected(item.who)
            case presence.Reconnect():
                return not self.door.is_connected(item.who)
        return False

    def _decide_command(self, draft: Draft, ask: Ask, now: int) -> None:
        link, command, batch = ask.link, ask.command, draft.batch
        who = link.who
        if who not in self.room.participants:
            return  # removed or gone in the meantime: the connection is closing
        window = self._windows.get(who)
        before, after = batch.windows.get(who) or (window, Window(window.last, window.done) if window else Window())
        carried_out = after.has(command.id)
        answer: Message
        try:
            if carried_out is None:
                raise Refused("bad_message", "The command's id is too far behind.")
            if carried_out:
                self.world.stats.repeated += 1
            else:
                events = self._rule(command, who, now)
                for event in events:
                    for seq in chat.forgotten_by(self.room, event):
                        self._forget(batch, seq)
                self._apply(batch, events, now)
                batch.commands.append((who, command.id))
                after.add(command.id)
                batch.windows[who] = before, after
            answer = Ack(id=command.id, seq=self.room.seq)
        except Refused as refusal:
            self.world.stats.refusals[refusal.code] += 1
            answer = refused(refusal, command.id)
        draft.answers.setdefault(link, []).append(answer)

    def _forget(self, batch: Batch, seq: int) -> None:
        """Take back the text of event `seq`, which may be one of this very batch."""
        within = seq - batch.base.seq - 1
        entry = self.history.blank(seq) if within < 0 else blank(batch.entries[within])
        if entry is not None:
            batch.forget.append(entry)

    def _decide_arrival(self, draft: Draft, arrival: Arrival, now: int) -> None:
        hello, link = arrival.hello, arrival.link
        if link.is_closed:
            return
        if arrival.who not in self.room.participants and arrival.who not in self.room.lobby:  # else it is true already
            device = device_id(self.id, hello.device)
            join = presence.Join(arrival.who, arrival.seat, hello.name, arrival.role, device)
            try:
                self._apply(draft.batch, self._rule(join, None, now), now)
            except Refused as refusal:
                draft.turned_away.append((arrival, refusal))
                return
        who = arrival.seat if arrival.seat in self.room.participants else arrival.who
        draft.arrived.append((arrival, who))

    def _rule(self, command: Command | Request, by: ParticipantId | None, now: int) -> list[Event]:
        """`decide`; a bug in a rule costs an answer, and nobody else anything, for rules change nothing."""
        try:
            return decide(self.room, command, by, now)
        except Refused:
            raise
        except Exception as error:
            self.world.metrics.tell_of_fault(error)
            raise SORRY from None

    def _apply(self, batch: Batch, events: list[Event], now: int | None = None) -> None:
        """Number the events and evolve the room; then, given `now`, all that the room itself has to say to that."""
        moved = False
        for event in events:
            entry = Entry(event, audience(self.room, event))
            batch.entries.append(entry)
            batch.payloads.append(payload_of(entry))
            event.seq = self.room.seq + 1
            evolve(self.room, event)
            moved = moved or event.moves
        if moved and now is not None:
            while consequences := decide(self.room, Tick(), None, now):
                self._apply(batch, consequences)

    # Telling

    def _tell(
        self, entries: Sequence[Entry], answers: dict[HubLink, list[Message]], now: int, encoded: Encoded
    ) -> None:
        """Carry what is true now to everybody it concerns."""
        self._hub.publish(self.room, entries, answers)
        self._told = self.position.seq
        for entry in entries:
            if entry.event.moves:
                self.door.see_to(entry.event, now, encoded)
        if self._served != self.room.service.keys():
            before, self._served = self._served, set(self.room.service)
            for who in before ^ self._served:
                self.door.show_anew(who, now)

    # Deadlines

    def _arm(self) -> None:
        """One timer for the room's next deadline."""
        if self._armed_for == self.room.version:
            return
        self._armed_for = self.room.version
        if self._deadline is not None:
            self._deadline.cancel()
        deadline = next_deadline(self.room)
        self._deadline = None if deadline is None else self.world.call_at(deadline, self._meet, deadline)

    def _meet(self, deadline: int) -> None:
        self._armed_for = -1
        if (late := self.world.clock() - deadline) >= 0:
            self.world.stats.lateness.observe(late / 1000)
        self.request(Tick())

    # Errors and the end

    def _fail(self, inbox: list[Item], error: Exception) -> None:
        """The log is away, or there is a bug: nobody loses more than an answer, and the state is read again."""
        self._is_stale = True
        if isinstance(error, Unavailable):
            self.world.stats.unavailable += 1
        else:
            self.world.metrics.tell_of_fault(error)
            if self._told < self.position.seq:  # it is true, but who has heard of it? Whoever comes back does.
                self._told = self.position.seq
                self.door.cut(FAULT)
        for item in inbox:
            if isinstance(item, Ask):
                self.world.stats.refusals[SORRY.code] += 1
                item.link.send(refused(SORRY, item.command.id))
            elif isinstance(item, Arrival):
                self.door.turn_away(item.link, SORRY)
            else:
                self._unanswered.append(item)
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        requests, self._unanswered, self._again = self._unanswered, [], None
        self.world.stats.retries += 1
        self.request(*requests)

    @property
    def _is_untouched(self) -> bool:
        room = self.room
        is_empty = not (room.participants or room.gone or room.blocked or room.denied)
        return room.state == "doors" and is_empty and not (room.messages or room.celebrations or room.is_locked)

    def _end(self, inbox: Sequence[Item] = ()) -> None:
        self.is_over = True
        self.door.send_everybody_home()
        for item in (*inbox, *self._inbox):
            if isinstance(item, Arrival):
                self.door.turn_away(item.link, Refused("ended", "This meeting is over."))

    async def _finish(self) -> None:
        for timer in (self._deadline, self._again):
            if timer is not None:
                timer.cancel()
        self.door.close()
        await self._until_done(self.world.log.unfollow)
        await self._until_done(self.world.workers.unfollow)
        if self.is_over:
            await self._until_done(self.world.log.wipe)
            await self._until_done(self.world.workers.forget)
        elif self._is_untouched:
            await self._until_done(self._abandon)
        self.room, self.history = Room(), History()
        if self.is_over:  # until this is known to all, whoever comes hears from us that it is over
            await self._until_done(self.world.ended)
        self.world.finished(self)

    async def _abandon(self, room: RoomId) -> None:
        if self.position.epoch:  # else the log was never reached, and whatever it has is not ours to delete
            await self.world.log.abandon(room, self.position)

    async def _until_done(self, call: Callable[[RoomId], Awaitable[None]]) -> None:
        """Call, and again if that fails: nothing that goes wrong with one room may end the others."""
        while True:
            try:
                await call(self.id)
            except Unavailable:
                self.world.stats.unavailable += 1
            except Exception as error:
                self.world.metrics.tell_of_fault(error)
            else:
                return
            await asyncio.sleep(AGAIN_SECONDS)
            self.world.stats.retries += 1
