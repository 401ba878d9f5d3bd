"""From a feed to a meeting that is held: imported, listed, its links made, its doors opened, and over."""

import asyncio
import json
from datetime import datetime
from zoneinfo import ZoneInfo

from client.coming_back import Delays
from client.room import connect
from tests.server.commands import run
from tests.server.kit import MINUTE, SECONDS, Served
from tests.server.schedule.feed import row
from tests.server.schedule.test_import_command import links

ZONE = ZoneInfo("America/Los_Angeles")
AT_ONCE = Delays(0, 0)


async def operator(served: Served, *arguments: str) -> str:
    """What a command says that runs beside the server, on the same data folder."""
    code, output = await asyncio.to_thread(run, *arguments, data=served.data)
    assert code == 0, output
    return output


async def test_an_imported_meeting_is_joined_at_its_time(served: Served) -> None:
    starts_at = (served.clock() // MINUTE + 120) * MINUTE
    local = datetime.fromtimestamp(starts_at / 1000, ZONE)
    meeting = row(day=local.isoweekday() % 7, time=f"{local:%H:%M}", end_time=None)
    (served.data / "feed.json").write_text(json.dumps([meeting]))
    await operator(served, "import", str(served.data / "feed.json"))
    site = f"http://127.0.0.1:{served.port}"
    made = links(await operator(served, "links", "river-group-1", "--base", site))

    coming = (await served.get("/api/meetings/river-group-1")).json()["next"]
    assert coming["starts_at"] == starts_at
    assert coming["ends_at"] - starts_at == 60 * MINUTE

    served.clock.ahead += coming["doors_at"] - 300 - served.clock()
    async with asyncio.timeout(SECONDS), connect(made["join"], name="Alice", wait=False, delays=AT_ONCE) as alice:
        assert alice.waiting is not None
        assert (alice.waiting.reason, alice.waiting.opens_at) == ("doors", coming["doors_at"])
        async with connect(made["host"], name="Fay", delays=AT_ONCE) as fay:  # a role key comes in before the doors
            await alice.inside()
            assert alice.state.state == "doors"
            assert "Open now" in (await served.get("/")).text

            served.pass_time(starts_at - served.clock())
            await fay.start()
            await alice.until(lambda: alice.state.state == "running")
            assert alice.state.name == "River group"
            kinds = [phase.kind for phase in fay.state.format.phase]
            await fay.go_to(kinds.index("round"))
            await alice.raise_hand()
            await fay.until(lambda: [hand.who for hand in fay.state.queue.hands] == [alice.you])

            await fay.end()
            await fay.end()
            await alice.until(lambda: alice.closed)
    await served.rooms_are_gone()
    after = (await served.get("/api/meetings/river-group-1")).json()["next"]
    assert after["room"] != coming["room"]
    assert after["starts_at"] - starts_at in {6 * 24 * 60 * MINUTE + n * 60 * MINUTE for n in (23, 24, 25)}
