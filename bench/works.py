"""What is measured: each work is one run of the load generator with each server, and gives one figure or two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.servers import (
    C_LIMIT,
    CHANNELS_REDIS,
    FOUR_WORKERS,
    NODE_REDIS,
    ONE_WORKER,
    OPENCHAIR,
    OPENCHAIR_REDIS,
    SOCKETIO,
    SOCKETIO_REDIS,
    STARLETTE,
    WEBSOCKETS,
    Server,
)

Result = Mapping[str, Any]
"""The load generator's JSON: the windows `joined`, `said` and `idle` {`seconds`, `count`, `cpu_us` and `redis_us` each,
`disturbed`}, `arrival` in seconds, `resident` bytes for each member, `latency` {`samples`, `p50_ms`, `p99_ms`}."""


@dataclass(frozen=True)
class Figure:
    """One number of a result. Less is better."""

    title: str
    unit: str
    of: Callable[[Result], float]
    goals: Mapping[str, float] = field(default_factory=dict)  # at most so many times the figure of that rival
    limit: float | None = None  # at most so much, in the unit


@dataclass(frozen=True)
class Work:
    name: str
    title: str
    servers: Sequence[Server]
    rooms: int
    members: int  # of all rooms together
    load: Sequence[str]  # of the load generator's arguments, those that make this work
    figures: Sequence[Figure]
    seconds: float = 1.5  # of the window in which messages are counted


def _delivery(goals: Mapping[str, float]) -> Figure:
    return Figure("server CPU per delivery", "µs", lambda result: float(result["said"]["cpu_us"]), goals)


def _redis_per_event(members: int) -> Figure:
    """A message is an event, and a delivery to each of the members."""
    return Figure("Redis CPU per event", "µs", lambda result: float(result["said"]["redis_us"]) * members, limit=20)


ONE_ROOM = (C_LIMIT, WEBSOCKETS, STARLETTE, SOCKETIO, OPENCHAIR)
BUSY_ROOM = {"websockets": 0.65, "starlette": 0.55, "socketio": 0.2}

WORKS = (
    Work(
        "room",
        "One room of 500, one message under way at any time",
        ONE_ROOM,
        rooms=1,
        members=500,
        load=["-k", "1"],
        figures=[_delivery({**BUSY_ROOM, "c_limit": 1.2})],
    ),
    Work(
        "busy",
        "One room of 500, four messages under way at any time",
        ONE_ROOM,
        rooms=1,
        members=500,
        load=["-k", "4"],
        figures=[_delivery({**BUSY_ROOM, "c_limit": 0.6})],
    ),
    Work(
        "rooms",
        "500 rooms of 10, a hundred messages under way at any time",
        (C_LIMIT, STARLETTE, OPENCHAIR),
        rooms=500,
        members=5000,
        load=["-k", "100"],
        figures=[_delivery({"starlette": 0.9})],
    ),
    Work(
        "storm",
        "1,000 people come into one room, 200 of them at a time",
        (STARLETTE, OPENCHAIR),
        rooms=1,
        members=1000,
        load=["-c", "200"],
        figures=[
            Figure("server CPU per join", "µs", lambda result: float(result["joined"]["cpu_us"]), {"starlette": 1.0}),
            Figure("from the first welcome to the last", "s", lambda result: float(result["arrival"]), limit=1.5),
        ],
    ),
    Work(
        "memory",
        "1,000 people sit in one room",
        (STARLETTE, OPENCHAIR),
        rooms=1,
        members=1000,
        load=["-c", "20"],
        figures=[Figure("server memory per person", "KB", lambda result: result["resident"] / 1024, limit=12)],
    ),
    Work(
        "latency",
        "One room of 500, 60 messages a second (30,000 deliveries)",
        (C_LIMIT, WEBSOCKETS, STARLETTE, OPENCHAIR),
        rooms=1,
        members=500,
        load=["-f", "60"],
        figures=[
            Figure("99th percentile", "ms", lambda result: float(result["latency"]["p99_ms"]), {"websockets": 1.2}),
            Figure("median", "ms", lambda result: float(result["latency"]["p50_ms"])),
        ],
        seconds=4,  # a percentile of messages, not of deliveries: those of one message come together
    ),
    Work(
        "redis-room",
        "One room of 500 through Redis, four messages under way at any time",
        (NODE_REDIS, SOCKETIO_REDIS, CHANNELS_REDIS, OPENCHAIR_REDIS),
        rooms=1,
        members=500,
        load=["-k", "4"],
        figures=[_delivery({"node": 0.5, "socketio": 0.2, "channels": 0.05}), _redis_per_event(500)],
    ),
    Work(
        "redis-rooms",
        "500 rooms of 10 through Redis, a hundred messages under way at any time",
        (NODE_REDIS, OPENCHAIR_REDIS),
        rooms=500,
        members=5000,
        load=["-k", "100"],
        figures=[_delivery({"node": 0.75}), _redis_per_event(10)],
    ),
    Work(
        "workers",
        "One room of 500 on four workers, one message under way at any time",
        (ONE_WORKER, FOUR_WORKERS),
        rooms=1,
        members=500,
        load=["-k", "1"],
        figures=[_delivery({"one_worker": 1.15})],
    ),
    Work(
        "idle",
        "2,000 rooms in which nothing happens",
        (OPENCHAIR_REDIS,),
        rooms=2000,
        members=2000,
        load=["-i", "-c", "20"],
        figures=[
            Figure("server CPU for 2,000 rooms", "% of a core", lambda result: result["idle"]["cpu_us"] / 5, limit=2)
        ],
        seconds=20,
    ),
)
