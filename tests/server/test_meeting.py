"""A meeting from the door to the wipe, over real sockets."""

import asyncio
import gc
from typing import Any

import pytest

from rooms.chat import Message
from rooms.presence import Participant
from rooms.room import Room
from server.door import Door
from server.log import History
from server.replica import Replica
from tests.server.client import Client
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


async def test_thirty_people_see_the_same_events_in_the_same_order(served: Served) -> None:
    share: dict[str, Any] = {"share_seconds": 1, "warn_seconds": 0.8, "grace_seconds": 0.5, "auto_call": True}
    reading = {"kind": "reading", "seconds": 1, "advance": "auto"}
    meeting = await served.a_meeting(reading, {"kind": "round", "minutes": 1, **share}, {"kind": "open"})
    fay = await served.comes("Fay", key=meeting.keys.host)
    members = [await served.comes(f"Member {n}", text=n % 2 == 0) for n in range(29)]
    since = members[-1].welcome["seq"]
    await fay.does("start")

    async def attend(member: Client, number: int) -> None:
        await member.sees("phase_began", phase=1)
        await member.does("say", text=f"Here is {number}", to="everyone" if number % 3 else "service")
        if number < 8:
            await member.does("raise_hand")
            await member.sees("called", who=member.id)
            await member.does("begin")
            if number == 0:
                await member.until("warned")
            await member.does("share", text="In my own words.")
            await member.does("done")

    await asyncio.gather(*(attend(member, number) for number, member in enumerate(members)))
    await fay.does("end")
    await fay.does("end")
    codes = await asyncio.gather(*(person.closing_code() for person in [fay, *members]))
    assert set(codes) == {1000}
    assert fay.events[-1]["t"] == "ended"
    everything = [m for m in fay.events if m["seq"] > since]
    assert [m["seq"] for m in everything] == list(range(since + 1, everything[-1]["seq"] + 1))
    for member in members:
        theirs = [m for m in everything if m["t"] != "said" or m["to"] == "everyone" or m["by"] == member.id]
        assert [m for m in member.events if m["seq"] > since] == theirs


async def test_after_the_end_nothing_is_left(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    meeting = await served.a_meeting()
    fay = await served.comes("Fay Unforgettable", key=meeting.keys.host)
    room = fay.room["id"]
    await fay.does("say", text="unrepeatable words")
    await fay.does("end")  # nobody has started it, so there is no fellowship to follow
    assert await fay.closing_code() == 1000
    await served.rooms_are_gone()
    assert served.logs_in_memory == {}
    gc.collect()
    kinds = (Room, Participant, Message, Replica, Door, History)
    assert [type(it).__name__ for it in gc.get_objects() if isinstance(it, kinds)] == []
    again = await served.connected(room)
    refusal = await again.hello(seat=fay.welcome["seat"])
    assert (refusal["t"], refusal["code"]) == ("refused", "ended")
    assert await again.closing_code() == 1000
    for path in (p for p in served.data.rglob("*") if p.is_file()):
        kept = path.read_bytes()
        for secret in (b"Unforgettable", b"unrepeatable", fay.id.encode(), fay.welcome["seat"].encode()):
            assert secret not in kept, path.name
    logged = "".join(capsys.readouterr())
    assert not any(word in logged for word in ("Unforgettable", "unrepeatable", fay.id, "127.0.0.1:"))


async def test_timers_fire_at_their_deadlines(served: Served) -> None:
    share = {"share_seconds": 0.6, "warn_seconds": 0.3, "grace_seconds": 0.2}
    meeting = await served.a_meeting({"kind": "round", **share})
    fay = await served.comes("Fay", key=meeting.keys.host)
    await fay.does("start")
    await fay.does("call", who=fay.id)
    await fay.does("begin")
    began = await fay.sees("began")
    warned, time_up, ended = await fay.until("warned"), await fay.until("time_up"), await fay.until("share_ended")
    assert 0 <= warned["at"] - (began["ends_at"] - 300) < 100
    assert 0 <= time_up["at"] - began["ends_at"] < 100
    assert 0 <= ended["at"] - time_up["grace_until"] < 100
    assert ended["why"] == "time"


async def test_a_room_with_nobody_in_it_is_over_when_its_time_is(served: Served) -> None:
    await served.a_meeting(starts_in=0, minutes=30)
    alice = await served.comes("Alice")
    await alice.leave_the_line()
    async with asyncio.timeout(SECONDS):
        while served.replicas:
            served.pass_time(MINUTE)
            await asyncio.sleep(0)
    assert served.clock.ahead >= 30 * MINUTE
