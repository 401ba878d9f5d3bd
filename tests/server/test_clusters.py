"""Rooms on a Redis Cluster and under Sentinels: servers that die, and slots that move, while people talk."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from rooms.vocabulary import RoomId
from server.redis.cluster import slot_of, tag_in
from tests.server.client import Client
from tests.server.kit import Served, serving
from tests.valkey import Cluster, Watched, a_cluster, watched_by_sentinels

SECRET = "a secret of both"


@asynccontextmanager
async def two_workers(folder: Path, url: str) -> AsyncIterator[tuple[Served, Served]]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(serving(folder, redis=url, secret=SECRET))
        other = await stack.enter_async_context(serving(folder, redis=url, secret=SECRET))
        yield one, other


@pytest.fixture
def impatient_cluster(tmp_path: Path) -> Iterator[Cluster]:
    with a_cluster(tmp_path / "cluster", node_timeout=2000) as servers:
        yield servers


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with watched_by_sentinels(tmp_path) as servers:
        yield servers


async def a_pair(one: Served, other: Served, slug: str) -> tuple[Client, Client, RoomId]:
    """Alice on one worker and Bob on the other, in a room of their own."""
    await one.a_meeting(slug=slug)
    alice, bob = await one.comes("Alice", room=slug), await other.comes("Bob", room=slug)
    return alice, bob, next(replica.id for replica in one.replicas if replica.occurrence.slug == slug)


async def says(author: Client, listener: Client, text: str) -> None:
    """The author asks again for as long as the log is away, as clients do, and the listener hears of it once."""
    while (answer := await author.ask("say", text=text))["t"] == "refused":
        assert answer["code"] == "unavailable", answer
        author.last -= 1  # the same command again
        await asyncio.sleep(0.1)
    await listener.hears(text)


def test_slots_are_those_of_redis(cluster: Cluster) -> None:
    for key in (b"123456789", b"openchair:{circle.1}:news", b"{}a", b"a{", b"{a}{b}", b"", "é".encode()):
        assert slot_of(key) == cluster.masters[0].ask("CLUSTER", "KEYSLOT", key)
    assert slot_of(tag_in(12345)) == 12345


async def test_rooms_lie_on_all_servers_of_a_cluster(tmp_path: Path, cluster: Cluster) -> None:
    cluster.forget_everything()
    async with two_workers(tmp_path, cluster.url) as (one, other):
        for n in range(12):
            alice, bob, _ = await a_pair(one, other, f"circle-{n}")
            await says(alice, bob, "Good evening")
            await says(bob, alice, "Hello Alice")
        await one.app.house.tell_of_open()
        for open_here in one.replicas:
            told = await other.app.house._world.workers.open_room(open_here.occurrence.slug)
            assert told == (open_here.id, open_here.occurrence.starts_at)
        for master in cluster.masters:
            with master.client() as client:
                assert any(key.startswith(b"openchair:{circle-") for key in client.scan_iter())
        assert one.app._line is not None
        assert len(one.app._line.probes()) == 3, "each server is probed"
        assert (await one.get("/readyz")).status_code == 200


async def test_a_slot_moves_while_people_talk(tmp_path: Path, cluster: Cluster) -> None:
    cluster.forget_everything()
    async with two_workers(tmp_path, cluster.url) as (one, other):
        alice, bob, room = await a_pair(one, other, "circle")
        slot = slot_of(b"{%s}" % room.encode())
        at = min(slot // -(-16384 // 3), 2)
        source, target = cluster.masters[at], cluster.masters[(at + 1) % 3]
        ids = [client.ask("CLUSTER", "MYID") for client in (source, target)]
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
        await says(alice, bob, "Before the keys are moved")
        keys = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        await says(bob, alice, "While the slot is on its way")
        for client in (target, source):
            client.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[1])
        await says(alice, bob, "And after it")
        await says(bob, alice, "Quite so")
        assert other.app.metrics.stats.written_back == one.app.metrics.stats.written_back == 0


@pytest.mark.timeout(120)
async def test_a_server_of_a_cluster_dies_and_its_replica_takes_over(
    tmp_path: Path, impatient_cluster: Cluster
) -> None:
    cluster = impatient_cluster
    async with two_workers(tmp_path / "data", cluster.url) as (one, other):
        for n in range(100):
            alice, bob, room = await a_pair(one, other, f"circle-{n}")
            if slot_of(b"{%s}" % room.encode()) < 16384 // 3:
                break
        await says(alice, bob, "Before")
        cluster.masters[0].stop()
        await says(bob, alice, "While nobody has the room")
        await says(alice, bob, "And after")
        assert alice.texts == bob.texts == ["Before", "While nobody has the room", "And after"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", ["dies", "freezes"])
async def test_sentinels_name_another_master(tmp_path: Path, watched: Watched, how: str) -> None:
    async with two_workers(tmp_path / "data", watched.url) as (one, other):
        alice, bob, _ = await a_pair(one, other, "circle")
        await says(alice, bob, "Before")
        if how == "dies":
            watched.servers[0].stop()
        else:
            watched.servers[0].signal(signal.SIGSTOP)
        await says(bob, alice, "While nobody is the master")
        await says(alice, bob, "And after")
        with watched.servers[1].client() as client:
            assert client.role()[0] == b"master"
            assert any(key.startswith(b"openchair:{circle") for key in client.scan_iter())
        if how == "freezes":  # the old master comes back, and is told that it is none
            watched.servers[0].signal(signal.SIGCONT)
            await says(bob, alice, "With the old one back")
