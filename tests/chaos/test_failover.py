"""A replica is promoted that has lost the end of a log, and a worker without that end is the first to write."""

from contextlib import AsyncExitStack
from pathlib import Path

from tests.chaos.site import Redis
from tests.server.kit import serving


async def test_what_one_worker_alone_has_survives_a_failover(tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    await redis.start()
    options = {"redis": f"redis://127.0.0.1:{redis.line.port}", "secret": "a secret of both"}
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(serving(tmp_path / "data", **options))
        other = await stack.enter_async_context(serving(tmp_path / "data", **options))
        await one.a_meeting()
        alice, bob = await one.comes("Alice"), await other.comes("Bob")
        await alice.sees("joined", name="Bob")
        await bob.does("say", text="All have this")
        await alice.sees("said", text="All have this")
        redis.replication.swallow()
        redis.line.losing = b":news"
        await alice.does("say", text="Only one worker has this")
        redis.line.losing = None
        await redis.fail_over()
        while (await bob.ask("say", text="And after"))["t"] == "refused":
            pass
        for person, worker in ((alice, one), (bob, other)):
            again = await worker.comes(seat=person.welcome["seat"])
            texts = [it["text"] for it in again.room["chat"]["messages"]]
            assert texts == ["All have this", "Only one worker has this", "And after"]
            assert not [message for message in person.seen if message.get("lost")]
    redis.replication.heal()
    await redis.stop()
