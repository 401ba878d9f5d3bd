"""What is measured: each work is one run of the load generator with each server, and gives one figure or two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.servers import C_LIMIT, OPENCHAIR, SOCKETIO, STARLETTE, WEBSOCKETS, Server

Result = Mapping[str, Any]
"""The load generator's JSON: the windows `joined` and `said` {`seconds`, `count`, `cpu_us` for each, `disturbed`},
`arrival` in seconds, `resident` bytes for each member, `latency` {`samples`, `p50_ms`, `p99_ms`}."""


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
)
