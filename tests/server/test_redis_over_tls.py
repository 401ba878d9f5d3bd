"""A Redis that is reached over TLS: the certificate is looked at, and rooms are held."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.redis import unfit
from tests.server.kit import serving
from tests.valkey import Valkey

HERE = Path(__file__).parent / "tls"  # a certificate for 127.0.0.1 that signed itself, and its key, which is no secret


@pytest.fixture
async def tls_port(valkey: Valkey) -> AsyncIterator[int]:
    """Where TLS ends in front of the Redis: not every build of it speaks TLS itself."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_connection("127.0.0.1", valkey.port)
        await asyncio.gather(carry(reader, to_redis), carry(from_redis, writer), return_exceptions=True)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(HERE / "certificate.pem", HERE / "key.pem")
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_rooms_are_held_over_tls(tmp_path: Path, tls_port: int) -> None:
    url = f"rediss://127.0.0.1:{tls_port}?ssl_ca_certs={HERE / 'certificate.pem'}"
    async with serving(tmp_path, redis=url, secret="a secret of both") as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        await alice.does("say", text="Good evening")
        await bob.hears("Good evening")


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls_port: int) -> None:
    assert await unfit(f"rediss://127.0.0.1:{tls_port}") == f"the certificate of 127.0.0.1:{tls_port} is not valid."
