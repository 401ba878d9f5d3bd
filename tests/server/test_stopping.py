"""A clean stop: the real command, ended by SIGTERM."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.server.kit import OPENCHAIR, SECONDS, serving


@asynccontextmanager
async def the_command(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """`openchair serve`, once it says at which port."""
    process = await asyncio.create_subprocess_exec(
        *OPENCHAIR, "serve", "--port", "0", *arguments, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(SECONDS):
            line = (await process.stderr.readline()).decode()
        found = re.search(r"port=(\d+)", line)
        assert found, line
        yield process, int(found[1])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_sigterm_sends_the_clients_away_and_ends_with_0(tmp_path: Path) -> None:
    async with the_command("--data", str(tmp_path)) as (process, port):
        url = f"ws://127.0.0.1:{port}/rooms/nowhere/socket"
        line = await connect(url, subprotocols=[Subprotocol("openchair.v1.json")])
        assert "no_such_room" in str(await line.recv())
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert process.stderr is not None
            rest = (await process.stderr.read()).decode()
            assert await process.wait() == 0
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert "stopped" in rest
        assert "Traceback" not in rest
        assert "127.0.0.1:" not in rest, "no addresses of clients"


async def test_a_client_that_does_not_answer_holds_nothing_up(tmp_path: Path) -> None:
    async with the_command("--data", str(tmp_path)) as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /rooms/nowhere/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: openchair.v1.json\r\n\r\n"
        )
        await reader.readuntil(b"no_such_room")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
        writer.close()


async def test_many_clients_are_sent_away_a_few_at_a_time(tmp_path: Path) -> None:
    async with serving(tmp_path, drain_seconds=1) as served:
        await served.a_meeting()
        people = [await served.comes(f"Member {number}") for number in range(50)]
        served.server.should_exit = True
        assert [await person.closing_code() for person in people] == [1012] * 50
        # Those of the later batches have heard that the earlier ones' lines had ended: the room went on meanwhile.
        assert any(event["t"] == "away" for person in people for event in person.events)
