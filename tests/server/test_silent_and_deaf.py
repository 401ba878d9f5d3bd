"""Those who connect and say nothing, and those who never listen: the room goes on, and what they cost has a bound."""

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.kit import Served, serving

MANY = 1000
DEAF = b"GET /rooms/circle/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + (
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: openchair.v1.json\r\n\r\n"
)


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Both ends of each connection are here."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[1], 4 * MANY), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.timeout(120)
async def test_a_thousand_connections_that_never_say_hello(tmp_path: Path) -> None:
    async with serving(tmp_path, hello_seconds=3) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        connecting = asyncio.Semaphore(50)

        async def silent() -> int:
            async with connecting:
                client = await served.connected()
            return await client.closing_code()

        closing = [asyncio.create_task(silent()) for _ in range(MANY)]
        await alice.does("say", text="We go on")
        await bob.sees("said", text="We go on")
        assert await asyncio.gather(*closing) == [4000] * MANY
        await alice.does("say", text="Still here")
        await bob.sees("said", text="Still here")
        assert served.app.protocol.watch.open == 2
        assert served.app.metrics.stats.closes == {4000: MANY}


async def deaf(served: Served) -> asyncio.StreamWriter:
    """Somebody who says hello, and never reads another byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
    writer.write(DEAF)
    await reader.readuntil(b"\r\n\r\n")
    hello = b'{"t":"hello","name":"Deaf"}'
    writer.write(b"\x81" + bytes([0x80 | len(hello)]) + b"\0\0\0\0" + hello)  # masked with nothing
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return writer


@pytest.mark.timeout(120)
async def test_somebody_who_never_reads_is_cut_and_the_room_goes_on(tmp_path: Path) -> None:
    limits = {"slow_bytes": 4096, "cut_bytes": 16384, "command_burst": 100_000, "commands_per_second": 1e6}
    async with serving(tmp_path, **limits) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        writer = await deaf(served)
        joined = await alice.until("joined", name="Deaf")
        connection = served.replicas[0].door.hub.links[joined["who"]].connection
        text, said = "x" * 2000, 0
        while not connection._closing:
            await alice.does("say", text=text)
            said += 1
            assert said < 20_000, "nobody cuts them off"
        assert connection._transport.get_write_buffer_size() < 10 * 16384, "and nothing more is kept for them"
        await alice.sees("away", who=joined["who"])
        await alice.does("say", text="The last")
        await bob.until("said", text="The last")
        assert [event["text"] for event in bob.events if event["t"] == "said"] == [*[text] * said, "The last"]
        writer.transport.abort()
