"""Ready means that what is published comes back. Who does not deliver says so, and goes on when that is over."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from server import beat
from tests.chaos.proxy import Proxy
from tests.server.kit import Served, serving
from tests.valkey import Valkey


def lose_the_news(proxy: Proxy) -> None:
    proxy.losing = b""  # all of them, though the lines are up


def swallow_everything(proxy: Proxy) -> None:
    proxy.swallow()


async def becomes(served: Served, status: int) -> None:
    while (await served.get("/readyz")).status_code != status:
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("stop_delivering", [lose_the_news, swallow_everything])
async def test_a_worker_that_delivers_nothing_is_not_ready_until_it_does_again(
    tmp_path: Path, valkey: Valkey, stop_delivering: Callable[[Proxy], None]
) -> None:
    valkey.forget_everything()
    proxy = Proxy(valkey.port)
    await proxy.start()
    async with serving(tmp_path, redis=f"redis://127.0.0.1:{proxy.port}") as served:
        await served.a_meeting()
        alice = await served.comes("Alice")
        stop_delivering(proxy)
        await becomes(served, 503)
        assert (await served.get("/healthz")).status_code == 200
        proxy.losing = None
        proxy.heal()
        await becomes(served, 200)
        while (await alice.ask("say", text="And here we are again"))["t"] == "refused":
            pass
    await proxy.stop()


def test_it_says_so_within_ten_seconds() -> None:
    assert beat.DELIVERED_WITHIN + beat.SECONDS <= 10
