"""Two workers, one Redis, one room: nobody notices on which of them they are."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from rooms.vocabulary import RoomId
from server.clock import SteadyClock
from server.log import Appended, Batch, Unavailable
from server.redis import RedisLine
from server.workers import RedisWorkers
from tests.server.client import Client
from tests.server.kit import Served, it_is_so, serving
from tests.server.test_supervisor import site
from tests.valkey import Valkey, a_valkey


@pytest.fixture
async def workers(tmp_path: Path, valkey: Valkey) -> AsyncIterator[tuple[Served, Served]]:
    valkey.forget_everything()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(serving(tmp_path, redis=valkey.url, secret="a secret of both"))
        other = await stack.enter_async_context(serving(tmp_path, redis=valkey.url, secret="a secret of both"))
        await one.a_meeting()
        yield one, other


def answers_late(worker: Served, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Its log does what it is asked, and keeps the answer back: that it does, and the word to go on."""
    append, is_slow, may_go_on = worker.log.append, asyncio.Event(), asyncio.Event()

    async def slowly(room: RoomId, batch: Batch) -> Appended:
        appended = await append(room, batch)
        is_slow.set()
        await may_go_on.wait()
        return appended

    monkeypatch.setattr(worker.log, "append", slowly)
    return is_slow, may_go_on


async def test_what_is_said_on_one_is_heard_on_the_other(workers: tuple[Served, Served]) -> None:
    one, other = workers
    alice, bob = await one.comes("Alice"), await other.comes("Bob")
    await alice.sees("joined", name="Bob")
    await alice.does("say", text="Good evening")
    await bob.sees("said", text="Good evening")
    await bob.does("say", text="Hello Alice")
    await alice.sees("said", text="Hello Alice")
    assert alice.position == bob.position


async def test_the_first_to_come_may_come_on_several_workers_at_once(workers: tuple[Served, Served]) -> None:
    one, other = workers
    people = await asyncio.gather(*(worker.comes(f"Person {n}") for n, worker in enumerate((one, other) * 3)))
    await people[0].does("say", text="We are all here")
    for person in people:
        await person.sees("said", text="We are all here")


async def test_who_goes_to_another_worker_is_the_same_person(workers: tuple[Served, Served]) -> None:
    one, other = workers
    alice, bob = await one.comes("Alice"), await other.comes("Bob")
    await alice.sees("joined", name="Bob")
    await alice.leave_the_line()
    await bob.does("say", text="In the meantime")
    again = await other.resumes(alice)
    assert again.welcome["resumed"]
    await again.sees("said", text="In the meantime")
    assert again.welcome["you"] == alice.welcome["you"]


async def test_a_seat_that_is_used_on_another_worker_is_closed_on_the_first(workers: tuple[Served, Served]) -> None:
    one, other = workers
    alice = await one.comes("Alice")
    await other.resumes(alice)
    assert await alice.closing_code() == 4009


async def test_who_has_given_up_waiting_for_one_worker_stays_on_the_next(
    workers: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    alice = await one.comes("Alice")
    await alice.leave_the_line()
    await alice_is_away(one)
    is_slow, may_go_on = answers_late(one, monkeypatch)
    waiting = await one.connected()
    await waiting.send({"t": "hello", "seat": alice.welcome["seat"]})
    await is_slow.wait()
    await waiting.leave_the_line()
    again = await other.resumes(alice)
    may_go_on.set()
    await (await one.comes("Bob")).does("say", text="By now the first worker has seen to everybody")
    await again.sees("said", text="By now the first worker has seen to everybody")
    await again.does("say", text="Still here")


async def test_who_is_let_in_one_after_the_other_elsewhere_sees_the_room_as_it_is_then(
    workers: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    keys = (await one.a_meeting(slug="door", waiting_room=True)).keys
    fay = await one.comes("Fay", "door", key=keys.host)
    greta = await other.comes("Greta", "door", key=keys.host)
    waiting = [await other.connected("door") for _ in range(2)]
    for name, person in zip(("Alice", "Bob"), waiting, strict=True):
        assert (await person.hello(name=name))["t"] == "waiting"
        await fay.sees("knocked", name=name)
    is_slow, may_go_on = answers_late(other, monkeypatch)
    await greta.tell("say", text="A moment, please")
    await is_slow.wait()
    await fay.sees("said")
    for event in [event for event in fay.events if event["t"] == "knocked"]:
        await fay.does("admit", who=event["who"])
    [replica] = other.replicas
    await it_is_so(other, lambda: len(replica._news) == 2)
    may_go_on.set()
    for person in waiting:
        welcome = await person.receive()
        assert welcome["you"] in {it["id"] for it in welcome["room"]["participants"]}


async def alice_is_away(served: Served) -> None:
    await it_is_so(served, lambda: served.replicas[0].room.away)


async def test_a_command_that_is_sent_again_to_another_worker_is_carried_out_once(
    workers: tuple[Served, Served],
) -> None:
    one, other = workers
    alice, bob = await one.comes("Alice"), await other.comes("Bob")
    await alice.does("say", text="Once")
    again = await other.resumes(alice)
    again.last -= 1
    await again.does("say", text="Once")
    await bob.does("say", text="After it")
    texts = [event["text"] for event in bob.events if event["t"] == "said"]
    await bob.sees("said", text="After it")
    assert texts.count("Once") <= 1


async def test_everybody_talks_at_once(workers: tuple[Served, Served]) -> None:
    people = [await workers[n % 2].comes(f"Person {n}") for n in range(8)]
    for m in range(5):
        for n, person in enumerate(people):
            await person.tell("say", text=f"{n}.{m}")
    for person in people:
        while len([event for event in person.events if event["t"] == "said"]) < 40:
            await person.receive()
    orders = [[event["text"] for event in person.events if event["t"] == "said"] for person in people]
    assert all(order == orders[0] for order in orders)


async def test_redis_that_comes_back_empty_gets_the_room_back(
    tmp_path: Path, workers: tuple[Served, Served], valkey: Valkey
) -> None:
    one, other = workers
    alice, bob = await one.comes("Alice"), await other.comes("Bob")
    await alice.does("say", text="Before")
    valkey.forget_everything()
    await alice.sees("snapshot")
    await bob.sees("snapshot")
    await alice.does("say", text="After")
    await bob.sees("said", text="After")


async def test_a_meeting_that_is_deleted_on_one_ends_its_room_on_the_other(workers: tuple[Served, Served]) -> None:
    one, other = workers
    alice = await one.comes("Alice")
    await other.app.schedule.delete("circle")
    assert (await alice.until("ended"))["t"] == "ended"
    assert await alice.closing_code() == 1000
    for worker in workers:
        await worker.rooms_are_gone()


async def test_who_is_writing_is_told_on_all_workers_and_to_everybody_once(workers: tuple[Served, Served]) -> None:
    one, other = workers
    alice, bob, cleo = await one.comes("Alice"), await other.comes("Bob"), await one.comes("Cleo")
    for on in (True, False):
        one.pass_time(1000)
        await alice.send({"t": "typing", "on": on})
        for person in (bob, cleo):
            assert await person.until("typing") == {"t": "typing", "who": alice.id, "on": on}
    await bob.does("say", text="You were writing?")
    for person in (alice, bob, cleo):
        await person.sees("said", text="You were writing?")
        told = [message["who"] for message in person.seen if message["t"] == "typing"]
        assert told == ([] if person is alice else [alice.id] * 2)


async def test_who_is_where_is_told_again_when_redis_has_forgotten_it(
    workers: tuple[Served, Served], valkey: Valkey
) -> None:
    one, other = workers
    alice, bob = await one.comes("Alice"), await other.comes("Bob")
    await alice.sees("joined", name="Bob")
    valkey.forget_everything()
    with valkey.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")  # as when it is started anew
    room, known = other.replicas[0].id, other.app.house._world.workers
    while not await known.elsewhere(room, [alice.id]):  # type: ignore[list-item]  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await bob.does("say", text="Nobody was away")
    await alice.hears("Nobody was away")
    assert not [event for event in alice.events if event["t"] == "away"]


async def test_newcomers_of_one_address_are_counted_over_all_workers(tmp_path: Path, valkey: Valkey) -> None:
    valkey.forget_everything()
    options: dict[str, Any] = {"redis": valkey.url, "secret": "a secret of both", "host": "0.0.0.0"}
    async with AsyncExitStack() as stack:
        # a thousandth a second: nobody's place comes back while this runs
        one = await stack.enter_async_context(serving(tmp_path, joins_per_second=0.001, **options))
        other = await stack.enter_async_context(serving(tmp_path, joins_per_second=0.001, **options))
        await one.a_meeting()
        alice = await one.comes("Alice")
        client = await other.connected()
        refusal = await client.hello(name="Bob")
        assert (refusal["code"], refusal["retry_after"] > 900) == ("too_fast", True)
        assert await client.closing_code() == 4001
        await other.resumes(alice)  # who has been let in comes back at once
        with valkey.client() as asked:
            [bucket] = asked.scan_iter(match="*:from:*")
            assert b"127.0.0.1" not in bucket, "no address is written down"
            assert 0 < asked.pttl(bucket) <= 1_000_000, "and what is written is forgotten when it counts no more"


@pytest.mark.timeout(120)
async def test_who_is_removed_and_blocked_comes_back_on_no_worker(tmp_path: Path, valkey: Valkey) -> None:
    """In processes of their own; the kernel chooses which of them answers, so Mallory tries until all have."""
    valkey.forget_everything()
    async with site(tmp_path, valkey, workers=3) as served, AsyncExitStack() as stack:
        made = await served.makes(slug="guarded", now=True)

        async def connected() -> Client:
            client = await Client.connect(served.port, "guarded", text=False)
            stack.push_async_callback(client.leave_the_line)
            return client

        alice, mallory = await connected(), await connected()
        assert (await alice.hello(name="Alice", key=made["host_url"].partition("key=")[2]))["t"] == "welcome"
        assert (await mallory.hello(name="Mallory", device="her phone"))["t"] == "welcome"
        await alice.sees("joined", name="Mallory")
        await alice.does("remove", who=mallory.id)
        assert await mallory.closing_code() == 4003
        turned_away: set[str] = set()
        while len(turned_away) < 3:
            for secrets in ({"seat": mallory.welcome["seat"]}, {"name": "Another", "device": "her phone"}):
                client = await connected()
                assert (await client.hello(**secrets))["code"] == "blocked"
                assert await client.closing_code() == 4003
            numbers = await served.numbers()
            turned_away = {who for who, it in numbers.items() if it["openchair_refusals_total", "blocked"]}


async def test_a_worker_that_went_before_another_had_heard_of_it_is_missed(valkey: Valkey) -> None:
    valkey.forget_everything()
    async with RedisLine(valkey.url) as line, RedisLine(valkey.url) as brief:
        now = SteadyClock()
        stays, goes = RedisWorkers(line, now), RedisWorkers(brief, now)
        assert not await stays.beat()
        await goes.beat()
        await goes.say_good_bye()
        assert await stays.beat(), "its people are looked for"
        assert not await stays.beat(), "once"


async def test_a_redis_that_falls_over_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    with a_valkey(tmp_path) as valkey:
        async with AsyncExitStack() as stack:
            options = {"redis": valkey.url, "secret": "a secret of both"}
            one = await stack.enter_async_context(serving(tmp_path / "one", **options))
            await one.a_meeting()
            alice, bob = await one.comes("Alice"), await one.comes("Bob")
            await alice.does("say", text="Before")
            valkey.stop()
            assert await alice.is_refused("say", text="While it is away") == "unavailable"
            assert (await one.get("/healthz")).status_code == 200
            valkey.start()
            await alice.until("snapshot")
            alice.last -= 1  # the same command again
            await alice.does("say", text="While it is away")
            await alice.does("say", text="After")
            await bob.sees("said", text="After")
            assert one.app.metrics.stats.written_back == 1
            again = await one.resumes(alice)
            for _ in range(10):  # each connection that lay idle notices once that it is dead
                with suppress(Unavailable):
                    await one.log.heads([one.replicas[0].id])
            assert [it["text"] for it in again.room["chat"]["messages"]] == [
                "Before",
                "While it is away",
                "After",
            ]


async def test_a_frozen_redis_is_noticed(tmp_path: Path) -> None:
    with a_valkey(tmp_path) as valkey:
        async with serving(tmp_path / "one", redis=valkey.url) as one:
            await one.a_meeting()
            alice = await one.comes("Alice")
            valkey.signal(signal.SIGSTOP)
            assert await alice.is_refused("say", text="Anybody there?") == "unavailable"
            valkey.signal(signal.SIGCONT)
            await alice.does("say", text="And here we are again")


async def test_the_people_of_a_worker_that_died_are_marked_away(tmp_path: Path, valkey: Valkey) -> None:
    valkey.forget_everything()
    options = {"redis": valkey.url, "secret": "a secret of both"}
    async with serving(tmp_path, **options) as one:
        await one.a_meeting()
        alice = await one.comes("Alice")
        async with serving(tmp_path, **options) as other:
            bob = await other.comes("Bob")
            await alice.sees("joined", name="Bob")
            here, workers = one.app.house._world.workers, other.app.house._world.workers
            assert isinstance(here, RedisWorkers)
            assert isinstance(workers, RedisWorkers)
            while len(here._alive) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # it is heard of within a beat

            async def beat() -> bool:
                raise Unavailable

            workers.beat = beat  # type: ignore[method-assign]
            await workers.say_good_bye()  # as if its lease had run out, which takes six seconds
            await alice.sees("away", who=bob.id)
