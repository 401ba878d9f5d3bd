"""`python -m bench.schedule`: the schedule's page and its filters with 100 and with 10,000 meetings, in one run.

What is counted is this process's own CPU time, so that a busy machine does not matter much.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import time as time_of_day
from pathlib import Path
from random import Random
from statistics import median

from config.settings import Settings
from server.app import App
from server.schedule.keys import new_keys
from server.schedule.meetings import Imported, Meeting
from server.schedule.recurrence import Weekly

FEW, MANY = 100, 10_000
GOAL = 3.0  # times as much CPU for the many
REPETITIONS = 9
APART = 16_000  # ms between two, so that no page is one that was kept
ZONES = ("America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Australia/Sydney")
QUERIES = ("", "day=2", "time=evening", "spoken=es", "type=Women", "program=aa", "q=w12", "zone=Europe/Paris")


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.now = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.now


def some(count: int) -> Iterator[Imported]:
    """Made-up meetings, the same in each run."""
    chance, secrets = Random(1), new_keys().kept(None)
    for n in range(count):
        words = " ".join(f"w{chance.randrange(5000)}" for _ in range(20))
        meeting = Meeting(
            name=f"Group {chance.randrange(2000)} {n}",
            timezone=chance.choice(ZONES),
            minutes=60,
            recurrence=Weekly((chance.randrange(7),), time_of_day(chance.randrange(24), chance.choice((0, 30)))),
            types=tuple(chance.sample(["O", "C", "W", "M", "BE", "SP", "D"], 2)),
            language=chance.choice(["en", "es", "de"]),
            program=chance.choice(["aa", "na", ""]),
            description=words,
        )
        yield Imported(f"g{n}", meeting, secrets, f"g{n}")


async def measured(count: int) -> list[float]:
    """CPU milliseconds of the page with each of `QUERIES`."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        app = App(Settings(data=str(Path(folder))), clock)  # type: ignore[arg-type]
        await app.schedule.open()
        await app.schedule.bring_in("bench", some(count), [], [])
        await page(app, "")  # the first one works all dates out
        found = []
        for query in QUERIES:
            taken = []
            for _ in range(REPETITIONS):
                clock.now += APART
                began = time.process_time()
                await page(app, query)
                taken.append((time.process_time() - began) * 1000)
            found.append(median(taken))
        await app.schedule.close()
        return found


async def page(app: App, query: str) -> None:
    """One request, without a socket in between."""
    status = 0

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {"path": "/", "raw_path": b"/", "root_path": "", "query_string": query.encode(), "headers": []}
    scope |= {"server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1)}
    await app.asgi(scope, receive, send)  # type: ignore[arg-type]
    assert status == 200, status


def main() -> int:
    few, many = asyncio.run(measured(FEW)), asyncio.run(measured(MANY))
    print(f"The schedule's page, CPU ms, medians of {REPETITIONS}\n")
    print(f"  {'filter':20}{f'{FEW:,}':>10}{f'{MANY:,}':>10}{'times':>10}{'goal':>8}")
    for query, small, large in zip(QUERIES, few, many, strict=True):
        verdict = "met" if large <= GOAL * small else "MISSED"
        print(f"  {query or 'none':20}{small:>10.1f}{large:>10.1f}{large / small:>10.2f}{GOAL:>8g}  {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
