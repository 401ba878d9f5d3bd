"""`/metrics`: what is counted when something goes wrong, and one answer for all workers of a supervisor."""

import asyncio
import os
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from server import scrape
from server.scrape import Scrape, merged
from server.stats import OTHER, SECONDS, Gauges, Metrics, Spread, Stats
from tests import live
from tests.server.kit import Served, serving
from tests.server.metrics import by_worker, numbers
from tests.valkey import Valkey


def a_worker(number: int) -> Metrics:
    metrics = Metrics(Gauges, number)
    metrics.stats.events = 100 + number
    return metrics


def test_a_spread_counts_what_is_at_most_so_much() -> None:
    spread = Spread()
    for value in (0, 0.001, 0.002, 7, 60):
        spread.observe(value)
    buckets = dict(spread.buckets)
    assert (buckets["0.001"], buckets["0.0025"], buckets["5"], buckets["10"], buckets["+Inf"]) == (2, 3, 3, 4, 5)
    assert len(buckets) == len(SECONDS) + 1
    assert spread.sum == pytest.approx(67.003)


def test_a_close_code_that_is_none_of_ours_makes_no_label_of_its_own() -> None:
    stats = Stats()
    codes = set(stats.closes)
    for code in (4008, 4999, 3333):
        stats.close(code)
    assert (stats.closes[4008], stats.closes[OTHER]) == (1, 2)
    assert set(stats.closes) == codes


async def test_whichever_worker_is_asked_answers_for_all(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(Scrape(a_worker(number), tmp_path)) for number in range(3)]
        for worker in workers:
            told = by_worker((await worker.text()).decode())
            assert {name: it["openchair_events_total"] for name, it in told.items()} == {"0": 100, "1": 101, "2": 102}
            assert all(it["openchair_worker_up"] == 1 for it in told.values())
    assert not os.listdir(tmp_path)


async def test_what_is_known_of_a_metric_stands_once(tmp_path: Path) -> None:
    text = merged([a_worker(0).text(), a_worker(1).text()]).decode()
    about = [line for line in text.splitlines() if line.startswith("#")]
    assert len(about) == len(set(about)) == a_worker(0).text().decode().count("\n#") + 1


async def test_a_worker_that_hangs_is_told_to_be_down_and_costs_no_other_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrape, "PATIENCE", 0.05)
    never = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await never.wait()
        writer.close()

    hanging = await asyncio.start_unix_server(hang, tmp_path / "1")
    async with Scrape(a_worker(0), tmp_path) as worker:
        told = by_worker((await worker.text()).decode())
    assert told["1"] == {"openchair_worker_up": 0}
    assert told["0"]["openchair_events_total"] == 100
    never.set()
    hanging.close()
    await hanging.wait_closed()


async def test_what_a_killed_worker_has_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    left = await asyncio.start_unix_server(lambda reader, writer: None, tmp_path / "1")
    left.close()
    (tmp_path / "1").touch()
    async with Scrape(a_worker(0), tmp_path) as worker, Scrape(a_worker(1), tmp_path):
        told = by_worker((await worker.text()).decode())
    assert told["1"]["openchair_worker_up"] == 1


async def test_the_process_is_measured_as_every_other(served: Served) -> None:
    told = numbers((await served.get("/metrics")).text)
    assert told["process_resident_memory_bytes"] > 1_000_000
    assert told["process_open_fds"] > 3


async def test_who_reads_too_slowly_is_seen(tmp_path: Path) -> None:
    async with serving(tmp_path, slow_bytes=1024, cut_bytes=4096, stall_seconds=600, hello_seconds=60) as served:
        await served.a_meeting()
        deaf = await live.Client.connect(served.port, receive_buffer=4096)
        await deaf.shake_hands("/rooms/circle/socket", "Sec-WebSocket-Protocol: openchair.v1.json\r\n")
        [connection] = (connection for lane in served.app.protocol.watch._lanes for connection in lane)
        while not connection.paused:
            connection.write(b"x" * 65536)
        told = numbers((await served.get("/metrics")).text)
        assert told["openchair_slow_connections"] == 1
        assert told["openchair_unsent_peak_bytes"] == told["openchair_unsent_bytes"] > 0
        while not (stats := served.app.metrics.stats).cuts["unsent"]:
            connection.write_ephemeral(b"x")
            connection.write(b"x" * 4096)
        assert stats.skipped > 0
        deaf.hang_up()
        while not stats.closes[4008]:
            await served.get("/healthz")


async def test_through_redis_the_line_is_measured(tmp_path: Path, valkey: Valkey) -> None:
    valkey.forget_everything()
    async with serving(tmp_path, redis=valkey.url) as one, serving(tmp_path, redis=valkey.url) as other:
        await one.a_meeting()
        alice, bob = await one.comes("Alice"), await other.comes("Bob")
        await alice.does("say", text="From one worker to the other")
        await bob.sees("said")
        at_alices, at_bobs = [numbers((await it.get("/metrics")).text) for it in (one, other)]
    assert at_alices["openchair_redis_round_trip_seconds_count"] >= 1
    assert at_alices["openchair_append_seconds_count"] == at_alices["openchair_batches_total"] >= 2
    assert at_alices["openchair_probe_age_seconds"] < 10
    assert at_alices["openchair_ready"] == 1
    assert at_bobs["openchair_delivery_lag_seconds_count", "elsewhere"] >= 1


async def test_news_that_was_lost_is_counted_when_it_is_missed(tmp_path: Path, valkey: Valkey) -> None:
    valkey.forget_everything()
    async with serving(tmp_path, redis=valkey.url) as one, serving(tmp_path, redis=valkey.url) as other:
        await one.a_meeting()
        alice, bob = await one.comes("Alice"), await other.comes("Bob")
        await alice.sees("joined")
        [replica] = other.replicas
        hear, replica.hear = replica.hear, lambda news: None  # type: ignore[method-assign]
        await other.app.house._world.log.follow(replica.id, replica.hear)
        await alice.does("say", text="Lost on its way")
        await bob.sees("said", text="Lost on its way")
        await other.app.house._world.log.follow(replica.id, hear)
        stats = other.app.metrics.stats
    assert stats.gaps["comparison"] == 1
    assert stats.resyncs["resumed"] == 1
