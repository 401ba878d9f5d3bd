"""A meeting from the door to the wipe, over real sockets."""

import asyncio

from tests.server.kit import MINUTE, SECONDS, Served


async def test_a_first_person_comes_in_and_says_something(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    assert alice.welcome["role"] == "member"
    assert alice.room["participants"] == [
        {"id": alice.id, "name": "Alice", "role": "member", "presence": "here", "shares": 0}
    ]
    await alice.does("say", text="Good evening")
    said, ack = alice.seen[-2:]
    assert said["t"] == "said"
    assert said["text"] == "Good evening"
    assert said["by"] == alice.id
    assert ack == {"t": "ack", "id": 1, "seq": said["seq"]}


async def test_both_subprotocols_hear_the_same(served: Served) -> None:
    meeting = await served.a_meeting()
    fay = await served.comes("Fay", text=True, key=meeting.keys.host)
    bob = await served.comes("Bob")
    joined = await fay.until("joined")
    assert joined["name"] == "Bob"
    await fay.does("start")
    await bob.does("raise_hand")
    await fay.does("call")
    await bob.does("begin")
    await bob.does("share", text="Thank you.")
    await bob.does("done")
    await fay.until("share_ended")
    after = joined["seq"]
    assert [m for m in fay.events if m["seq"] > after] == [m for m in bob.events if m["seq"] > after]


async def test_a_room_with_nobody_in_it_is_over_when_its_time_is(served: Served) -> None:
    await served.a_meeting(starts_in=0, minutes=30)
    alice = await served.comes("Alice")
    await alice.leave_the_line()
    async with asyncio.timeout(SECONDS):
        while served.replicas:
            served.pass_time(MINUTE)
            await asyncio.sleep(0)
    assert served.clock.ahead >= 30 * MINUTE
