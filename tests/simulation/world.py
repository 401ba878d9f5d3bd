"""A simulation: one meeting, some workers, some people, one Redis, and all that goes wrong, from one seed."""

import itertools
import secrets
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha1
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

import msgspec

from rooms.formats import Format, Phase
from rooms.vocabulary import RoomId
from server.replica import Replica
from server.schedule.keys import Keys
from server.schedule.meetings import Occurrence
from tests.simulation.client import Client
from tests.simulation.loop import Process, Time
from tests.simulation.oracle import Oracle, Violation
from tests.simulation.simulated_redis import NOW, Redis, Weather
from tests.simulation.worker import OneMeeting, Worker

ROOM: Final = RoomId("circle.20250615T150640Z")
NAMES: Final = ["Alice", "Bob", "Charlie", "Dora", "Eve", "Fay", "Greta", "Henry"]
QUIET_SECONDS: Final = 60.0  # after the last fault, until all must be whole
HASH: Final = f"openchair:{{{ROOM}}}".encode()


class Failed(AssertionError):  # noqa: N818
    """A seed has found something; its message says what, and how to see it again."""

    def __init__(self, seed: int, violation: Violation, story: list[str]) -> None:
        super().__init__(f"seed {seed}: {violation}\n  replay: python -m tests.simulation --seed {seed}")
        self.seed, self.invariant, self.story = seed, violation.invariant, story


class World:
    def __init__(self, seed: int, tells: bool = False) -> None:
        self.story = list[str]()
        self._tells = tells
        self._rng = rng = Random(f"world {seed}")
        self.time = Time()
        self.oracle = Oracle(HASH, self.trace)
        self.redis = Redis(self.time, Random(f"redis {seed}"), self.oracle.changed)
        self.redis.trace = self.trace
        self._keys = Keys(*(f"{role} key" for role in ("host", "timekeeper", "greeter", "manage")))
        self._schedule = OneMeeting(self._an_occurrence())
        self._numbers = itertools.count(1)
        self._failure: Violation | None = None
        self.workers = [self._a_worker() for _ in range(rng.randint(2, 4))]
        self._dead = list[Worker]()
        self.clients = [self._a_client(name) for name in NAMES[: rng.randint(3, 8)]]
        self._is_over = False
        self.faults = 0

    def trace(self, *what: Any) -> None:
        if self._tells:
            self.story.append(f"{self.time.now:9.4f} " + " ".join(map(str, what)))

    def _an_occurrence(self) -> Occurrence:
        rng = self._rng
        phase = Phase(
            kind="round", minutes=rng.choice([None, 0.2, 5]), share_seconds=rng.choice([3, 10]), warn_seconds=1,
            grace_seconds=1, hard_stop=rng.random() < 0.7, auto_call=rng.random() < 0.5,
            order=rng.choice(["hands", "hands", "fifo", "circle"]), advance=rng.choice(["manual", "manual", "auto"]),
        )  # fmt: skip
        format_ = Format(
            phase=(phase, Phase(kind="open", post=("Welcome.",)), phase), away_seconds=rng.choice([6, 30]),
            answer_seconds=4, alone_seconds=5, unattended=rng.choice(["run", "wait", "quiet"]),
            waiting_room=rng.random() < 0.2, admit_after_seconds=2, history=rng.choice(["from_join", "all"]),
            direct_messages="everyone", crosstalk="chat",
        )  # fmt: skip
        format_ = msgspec.convert(msgspec.to_builtins(format_), Format)  # as it comes from a database
        start = round(NOW * 1000) + rng.choice([0, 5_000])
        return Occurrence(
            ROOM, "circle", "A circle", "UTC", format_, start, start + 3600_000, rng.random() < 0.5,
            self._keys.kept(None), datetime(2025, 6, 15, 15, 6, 40),  # noqa: DTZ001 - as walls show it
        )  # fmt: skip

    def _a_worker(self) -> Worker:
        name = f"worker {next(self._numbers)}"
        wrong_by = self._rng.choice([0.0, 0.0, -40.0, 300.0])
        rng = Random(self._rng.random())
        return Worker(name, self.time, rng, self.redis, self._schedule, self._note_failure, wrong_by)

    def _a_client(self, name: str) -> Client:
        index = NAMES.index(name)
        key = {0: self._keys.host, 1: self._keys.host, 2: self._keys.greeter}.get(index)
        device = f"phone of {name}" if self._rng.random() < 0.6 else None
        rng = Random(self._rng.random())
        return Client(name, key, device, self.time, rng, self.oracle, self._ready, self.trace)

    def _ready(self) -> list[Any]:
        return [worker for worker in self.workers if worker.is_ready]

    def _note_failure(self, what: str, error: BaseException | None) -> None:
        told = "" if error is None else "".join(traceback.format_exception(error))
        self._failure = self._failure or Violation(0, f"{what}\n{told}")

    def _replicas(self) -> list[Replica]:
        return [replica for worker in self.workers for replica in worker.replicas]

    def look(self, process: Process | None) -> None:
        """After every step."""
        if self._failure is not None:
            raise self._failure
        for worker in self.workers:
            if worker.process is process:
                for replica in worker.replicas:
                    self.oracle.look_at(replica)

    # What happens

    def live(self) -> None:
        rng, length = self._rng, self._rng.uniform(8, 25)
        self.redis.latency = rng.choice([0.0005, 0.003, 0.02])
        weather = Weather(**{name: _chance(rng) for name in Weather.__struct_fields__})
        self._at(rng.uniform(1, 6), lambda: self._set(weather))
        self._supervise()
        for client in self.clients:
            self._at(rng.uniform(0.5, 4), client.connect)
            self._again(lambda client=client: self._do(client), rng.choice([0.3, 1.0, 2.0]), length)  # type: ignore[misc]
        faults = rng.sample(self._all_faults(), rng.randint(0, 4))
        for fault in faults:
            self._again(fault, rng.choice([3.0, 6.0, 12.0]), length)
        self.time.run(length, self.look)
        self._calm()
        until = length
        while until < length + QUIET_SECONDS and not self.oracle.is_settled(self.clients, self._replicas()):
            until += 1
            self.time.run(until, self.look)
        self.trace("all is over")
        self.oracle.check_the_end(self.clients, self.redis.data.get(HASH), self.time.now)  # type: ignore[arg-type]

    def _at(self, seconds: float, action: Callable[[], object]) -> None:
        self.time.after(seconds, action)

    def _again(self, action: Callable[[], object], every: float, until: float) -> None:
        """Again and again, at random times."""

        def act() -> None:
            if not self._is_over:
                action()
                self._at(self._rng.expovariate(1 / every), act)

        self._at(3 + self._rng.expovariate(1 / every), act)

    def _set(self, weather: Weather) -> None:
        if not self._is_over:
            self.redis.weather = weather

    def _do(self, client: Client) -> None:
        chance = self._rng.random()
        if client.stays_away:
            if chance < 0.2:
                self.trace(client.name, "tries again")
                client.come_back_though_away()
        elif chance < 0.06:
            client.drop()
        elif chance < 0.08 and client.connection is not None:
            client.connect()  # with a second device, or a tab
        elif chance < 0.1:
            client.be_slow()
        else:
            client.act()

    def _all_faults(self) -> list[Callable[[], object]]:
        rng, redis = self._rng, self.redis

        def any_worker() -> Worker:
            return rng.choice(self.workers or self._dead)

        def freeze_redis() -> None:
            redis.frozen_until = self.time.now + rng.choice([0.3, 1.5, 3.0, 6.0])
            self.trace("redis", "is frozen until", redis.frozen_until)

        def cut_redis_off() -> None:
            self.trace("redis", "is away")
            redis.is_away = True
            redis.cut_all()
            self._at(rng.choice([0.2, 2.0, 8.0]), come_back)

        def come_back() -> None:
            redis.is_away = False

        def cut_a_worker_off() -> None:
            worker = any_worker()
            self.trace(worker.name, "loses its lines to redis")
            redis.cut(worker.process)

        def partition() -> None:
            worker = any_worker()
            self.trace(worker.name, "cannot reach redis")
            redis.part_from(worker.process, self.time.now + rng.choice([1.0, 4.0, 10.0]))

        def fail_over() -> None:
            lost = rng.choice([0, 1, 3, 10, 30])
            self.trace("redis", "fails over and loses", lost)
            self.oracle.may_lose = self.oracle.may_lose or lost > 0
            redis.fail_over(lost)
            redis.is_away = True
            self._at(rng.choice([0.0, 0.5, 3.0]), come_back)

        def forget() -> None:
            self.trace("redis", "forgets everything")
            self.oracle.may_lose = True
            redis.forget_everything()

        def kill() -> None:
            worker = any_worker()
            self.trace(worker.name, "is killed")
            worker.kill()

        def stop() -> None:
            worker = any_worker()
            if worker.is_ready:
                self.trace(worker.name, "is told to stop")
                worker.process.soon(worker.stop)

        def freeze() -> None:
            worker = any_worker()
            worker.process.freeze(self.time.now + rng.choice([0.5, 3.0, 9.0]))
            self.trace(worker.name, "is frozen until", worker.process.frozen_until)

        return [
            freeze_redis, cut_redis_off, cut_a_worker_off, partition, fail_over, fail_over, forget, kill, stop, freeze,
        ]  # fmt: skip

    def _supervise(self) -> None:
        """What could not start, or has ended, is started again."""
        for worker in tuple(self.workers):
            if worker.process.is_dead:
                self._bid_farewell(worker)
        self._at(0.5, self._supervise)

    def _bid_farewell(self, worker: Worker) -> None:
        worker.hang_up()
        self.redis.cut(worker.process)
        self._dead.append(worker)
        self.workers.remove(worker)
        self._at(self._rng.choice([0.1, 1.0, 5.0]), lambda: self.workers.append(self._a_worker()))

    def _calm(self) -> None:
        """All goes well from now on, and nobody asks for anything new."""
        self.trace("all is calm")
        self._is_over = True
        self.redis.weather = Weather()
        self.redis.is_away = False
        self.redis.frozen_until = 0.0
        self.redis.reunite()
        for client in self.clients:
            if client.connection is not None:
                client.connection.line.read_again()

    def bury(self) -> None:
        for worker in (*self.workers, *self._dead):
            worker.process.bury()


def _chance(rng: Random) -> float:
    return rng.choice([0.0, 0.0, 0.0, 0.01, 0.05, 0.2])


@contextmanager
def _nothing_random(seed: int) -> Iterator[None]:
    """What the server draws at random comes from the seed; and the collector, which costs time, stays out."""
    rng = Random(f"secrets {seed}")
    with (
        mock.patch.object(secrets, "token_bytes", lambda count=32: rng.randbytes(count)),
        mock.patch("server.house.gc", SimpleNamespace(collect=int)),
        mock.patch("redis.utils.get_lib_version", return_value="8"),  # which is looked up for each connection, on disk
    ):
        yield


def simulate(seed: int, tells: bool = False) -> World:
    """Play one seed to its end. Raises `Failed`."""
    with _nothing_random(seed):
        world = World(seed, tells)
        try:
            world.live()
        except Violation as violation:
            raise Failed(seed, violation, world.story) from violation
        finally:
            world.bury()
    return world


def digest(world: World) -> str:
    return sha1("\n".join(world.story).encode(), usedforsecurity=False).hexdigest()
