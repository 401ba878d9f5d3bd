"""Those who connect and say nothing, and those who never listen: the room goes on, and what they cost has a bound."""

import asyncio
import resource
import tracemalloc
from collections import Counter
from pathlib import Path

from websockets.frames import Opcode

from tests import live
from tests.server.kit import SECONDS, Served, serving

MANY = 1000
AT_ONCE = min(MANY, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300) // 2)  # both ends of each line are here
A_SILENT_ONE = 6_000  # bytes at most, of ours and of the libraries'
PATH, AS_TEXT = "/rooms/circle/socket", "Sec-WebSocket-Protocol: openchair.v1.json\r\n"


async def silent(served: Served) -> live.Client:
    """Somebody who is connected, and has not said hello."""
    client = await live.Client.connect(served.port)
    await client.shake_hands(PATH, AS_TEXT)
    return client


async def test_a_thousand_connections_that_never_say_hello(tmp_path: Path) -> None:
    async with serving(tmp_path, hello_seconds=0.5) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        codes = list[int]()
        while len(codes) < MANY:
            crowd = [await silent(served) for _ in range(min(AT_ONCE, MANY - len(codes)))]
            await alice.does("say", text=f"We go on, {len(codes)}")
            await bob.sees("said", text=f"We go on, {len(codes)}")
            for client in crowd:
                codes.append((await client.until_close())[0])
                client.hang_up()
        assert codes == [4000] * MANY
        await alice.does("say", text="Still here")
        await bob.sees("said", text="Still here")
        async with asyncio.timeout(SECONDS):
            while served.app.protocol.watch.open > 2:
                await served.get("/healthz")
        assert served.app.metrics.stats.closes == Counter({4000: MANY})


async def test_a_connection_that_has_not_said_hello_costs_little(served: Served) -> None:
    await served.a_meeting()
    first = await silent(served)  # and all that is made once
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    crowd = [await silent(served) for _ in range(100)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / len(crowd) < A_SILENT_ONE
    for client in [first, *crowd]:
        client.hang_up()


async def test_more_connections_than_there_may_be_are_turned_away_and_the_room_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path, connections=5) as served:
        await served.a_meeting()
        alice = await served.comes("Alice")
        crowd = [await silent(served) for _ in range(4)]
        one_too_many = await live.Client.connect(served.port)
        await one_too_many.request(PATH, AS_TEXT)
        assert (await one_too_many.response()).startswith("HTTP/1.1 503 ")
        await alice.does("say", text="The room goes on")
        for client in [*crowd, one_too_many]:
            client.hang_up()
        async with asyncio.timeout(SECONDS):
            while served.app.protocol.watch.open > 1:
                await served.get("/healthz")
        await served.comes("Bob")


async def test_somebody_who_never_reads_is_cut_and_the_others_hear_everything(tmp_path: Path) -> None:
    patience = {"command_burst": 100_000, "commands_per_second": 1e6}
    async with serving(tmp_path, slow_bytes=4096, cut_bytes=16384, **patience) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        deaf = await live.Client.connect(served.port, receive_buffer=4096)
        await deaf.shake_hands(PATH, AS_TEXT)
        await deaf.send_frame(Opcode.TEXT, b'{"t":"hello","name":"Deaf"}')
        who = (await alice.until("joined", name="Deaf"))["who"]
        connection = served.replicas[0].door.hub.links[who].connection
        said = 0
        while not connection._closing:
            await alice.does("say", text=f"{said:.>2000}")
            said += 1
            assert connection._transport.get_write_buffer_size() < 3 * 16384, "nothing more is kept for them"
            assert said < 2000, "nobody cuts them off"
        assert served.app.protocol.watch._ending.keys() == {connection}, "and soon it will be dropped"
        deaf.hang_up()
        await alice.sees("away", who=who)
        await alice.does("say", text="The last")
        await bob.until("said", text="The last")
        heard = [event["text"] for event in bob.events if event["t"] == "said"]
        assert heard == [*(f"{number:.>2000}" for number in range(said)), "The last"]
