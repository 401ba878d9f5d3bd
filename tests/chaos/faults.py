"""Everything that may go wrong. A fault strikes, perhaps lasts for a while, and is over.

What is over is not mended yet: from then on it is measured how long it takes until everybody is whole again.
"""

import asyncio
import functools
import os
import random
import signal
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from tests.chaos.people import Message, Person
from tests.chaos.site import Redis, Site


class World(Struct):
    """What faults are done to."""

    site: Site
    redis: Redis
    people: list[Person]
    random: random.Random
    haste: float = 1.0
    """What lasts for a while lasts that much shorter."""

    async def a_while(self, least: float = 1.0, most: float = 6.0) -> None:
        await asyncio.sleep(self.random.uniform(least, most) / self.haste)

    def some_workers(self, count: int) -> list[int]:
        """So many, those with many connections rather than those with few."""
        return sorted(self.site.workers(), key=lambda it: len(os.listdir(f"/proc/{it}/fd")) * self.random.random())[
            -count:
        ]

    def a_worker(self) -> int:
        return self.some_workers(1)[0]


Doing = Callable[[World, Callable[[], None]], Awaitable[None]]
"""Does it, and says when it strikes. Returns when it is over."""


class Fault(Struct, frozen=True):
    """`share`: how often it happens, beside the others."""

    name: str
    share: int
    do: Doing


async def _kill(world: World, count: int, strikes: Callable[[], None]) -> None:
    for worker in world.some_workers(count):
        strikes()
        os.kill(worker, signal.SIGKILL)


async def a_worker_is_killed(world: World, strikes: Callable[[], None]) -> None:
    await _kill(world, 1, strikes)


async def two_workers_are_killed(world: World, strikes: Callable[[], None]) -> None:
    await _kill(world, min(2, world.site.workers_wanted - 1), strikes)


async def a_worker_is_paused(world: World, strikes: Callable[[], None]) -> None:
    worker = world.a_worker()
    strikes()
    os.kill(worker, signal.SIGSTOP)
    await world.a_while(0.5, 8)
    os.kill(worker, signal.SIGCONT)


async def a_worker_hangs(world: World, strikes: Callable[[], None]) -> None:
    """It is over when the supervisor has noticed."""
    so_far = len(world.site.said)
    worker = world.a_worker()
    strikes()
    os.kill(worker, signal.SIGSTOP)
    await world.site.says("worker_hangs", since=so_far)


async def a_worker_is_cut_off(world: World, strikes: Callable[[], None]) -> None:
    worker = world.a_worker()
    strikes()
    world.redis.line.swallow(lambda process: process == worker)
    await world.a_while()
    world.redis.line.heal()


async def a_worker_loses_its_lines(world: World, strikes: Callable[[], None]) -> None:
    worker = world.a_worker()
    strikes()
    world.redis.line.cut(lambda process: process == worker)


async def all_are_cut_off(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    world.redis.line.swallow()
    await world.a_while()
    world.redis.line.heal()


async def all_lose_their_lines(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    world.redis.line.cut()


async def the_network_is_slow(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    world.redis.line.delay = world.random.uniform(0.05, 0.4)
    await world.a_while()
    world.redis.line.delay = 0


async def news_are_lost(world: World, strikes: Callable[[], None]) -> None:
    """Of all rooms, for a while, and on all workers: only their positions tell of it."""
    strikes()
    world.redis.line.losing = b":news"
    await world.a_while(0.5, 3)
    world.redis.line.losing = None


async def the_last_news_are_lost(world: World, strikes: Callable[[], None]) -> None:
    """Of a room where nothing follows that would show it. It is over when all have seen what was said."""
    room = world.random.choice(world.people).room
    people = [person for person in world.people if person.room == room]
    for person in people:
        person.is_resting = True
    await asyncio.gather(*(person.has_all_answers() for person in people))
    await people[0].ask("stop_share")
    seen: set[int] = set()
    all_have_seen = asyncio.Event()

    def hear(number: int, event: Message) -> None:
        if event.get("text") == text:
            seen.add(number)
            if len(seen) == len(people):
                all_have_seen.set()

    text = people[0].a_text()
    for person in people:
        person.heard = functools.partial(hear, person.number)
    world.redis.line.losing = f"{{{room}.".encode()
    strikes()
    await people[0].ask("say", text=text)
    await all_have_seen.wait()
    world.redis.line.losing = None
    for person in people:
        person.heard = lambda _: None
        person.is_resting = False


async def nothing_is_delivered(world: World, strikes: Callable[[], None]) -> None:
    """Though all lines are up. It is over when no worker says any more that it is ready."""
    strikes()
    world.redis.line.losing = b""
    await world.site.answers(503)
    world.redis.line.losing = None


async def redis_is_frozen(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    world.redis.primary.signal(signal.SIGSTOP)
    await world.a_while(3, 8)
    world.redis.primary.signal(signal.SIGCONT)


async def redis_comes_back_empty(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    await world.redis.start_anew()


async def redis_fails_over(world: World, strikes: Callable[[], None]) -> None:
    strikes()
    await world.redis.fail_over()


async def redis_fails_over_to_one_that_is_behind(world: World, strikes: Callable[[], None]) -> None:
    world.redis.replication.swallow()
    await world.a_while(0.5, 2)
    strikes()
    await world.redis.fail_over()
    world.redis.replication.heal()


async def redis_fails_over_behind_while_news_are_lost(world: World, strikes: Callable[[], None]) -> None:
    """No two workers have the same of a room, and Redis has less than any of them."""
    world.redis.replication.swallow()
    world.redis.line.losing = b":news"
    await world.a_while(0.5, 1.5)
    strikes()
    await world.redis.fail_over()
    world.redis.line.losing = None
    world.redis.replication.heal()


async def the_workers_are_renewed(world: World, strikes: Callable[[], None]) -> None:
    so_far = len(world.site.said)
    strikes()
    world.site.signal(signal.SIGHUP)
    await world.site.says("workers_renewed", since=so_far)


async def the_site_is_killed(world: World, strikes: Callable[[], None]) -> None:
    """All of it but Redis; it is over when it serves again."""
    strikes()
    world.site.kill()
    await world.site.start()


async def the_supervisor_is_killed(world: World, strikes: Callable[[], None]) -> None:
    """Its workers stop by themselves; it is over when others serve."""
    strikes()
    world.site.signal(signal.SIGKILL)
    await world.site.start()


async def lines_break(world: World, strikes: Callable[[], None]) -> None:
    some = world.random.sample(world.people, len(world.people) // 3)
    strikes()
    for person in some:
        person.drop_the_line()


async def people_take_another_device(world: World, strikes: Callable[[], None]) -> None:
    """They come in by a new line while the old one is still open."""
    some = world.random.sample(world.people, len(world.people) // 5)
    strikes()
    for person in some:
        person.take_another_line()


KILLED: Final = "a worker is killed (SIGKILL)"
FROZEN: Final = "Redis is frozen for 3 to 8 s (SIGSTOP)"
LAST_NEWS: Final = "the last news of a room are lost, until found"
RENEWED: Final = "the workers are renewed (SIGHUP)"
UNDELIVERED: Final = "nothing is delivered, until /readyz says so"

FAULTS: Final = (
    Fault(KILLED, 6, a_worker_is_killed),
    Fault("two workers are killed at once", 2, two_workers_are_killed),
    Fault("a worker is paused for 0.5 to 8 s (SIGSTOP)", 3, a_worker_is_paused),
    Fault("a worker hangs until it is replaced", 1, a_worker_hangs),
    Fault("a worker is cut off from Redis for 1 to 6 s", 3, a_worker_is_cut_off),
    Fault("a worker's lines to Redis are reset", 2, a_worker_loses_its_lines),
    Fault("all workers are cut off from Redis for 1 to 6 s", 2, all_are_cut_off),
    Fault("all lines to Redis are reset", 2, all_lose_their_lines),
    Fault("Redis is up to 0.4 s away, for 1 to 6 s", 1, the_network_is_slow),
    Fault("all news are lost for 0.5 to 3 s", 2, news_are_lost),
    Fault(LAST_NEWS, 3, the_last_news_are_lost),
    Fault(UNDELIVERED, 1, nothing_is_delivered),
    Fault(FROZEN, 2, redis_is_frozen),
    Fault("Redis is killed and comes back empty", 3, redis_comes_back_empty),
    Fault("Redis fails over to its replica", 3, redis_fails_over),
    Fault("Redis fails over to a replica that is behind", 3, redis_fails_over_to_one_that_is_behind),
    Fault("likewise, while news are lost", 2, redis_fails_over_behind_while_news_are_lost),
    Fault(RENEWED, 1, the_workers_are_renewed),
    Fault("all workers and their supervisor are killed", 1, the_site_is_killed),
    Fault("the supervisor is killed, and another started", 1, the_supervisor_is_killed),
    Fault("a third of the people lose their lines", 2, lines_break),
    Fault("a fifth of the people come in by another line", 1, people_take_another_device),
)


def a_plan(count: int, chance: random.Random) -> list[Fault]:
    """So many faults in a random order: each at least once, and by their shares."""
    whole = [fault for fault in FAULTS for _ in range(fault.share)]
    plan = [*FAULTS, *(whole[i % len(whole)] for i in range(max(0, count - len(FAULTS))))][:count]
    chance.shuffle(plan)
    return plan
