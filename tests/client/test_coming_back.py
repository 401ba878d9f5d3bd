"""Lines that break: resuming, repeating, and when to stay away (docs/protocol.md)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.coming_back import FIRST_DELAY, LONGEST_DELAY, Closed, Delays
from client.room import connect
from rooms.vocabulary import Refused
from tests.client.kit import AT_ONCE, Line, Site, a_server_that, all_hear, at_a_site, happens
from tests.kit import ALICE
from tests.server.kit import SECONDS

OVER_JSON: dict[str, Any] = {"name": "Alice", "subprotocol": "openchair.v1.json", "delays": AT_ONCE}


async def test_whoever_comes_back_has_missed_nothing_and_hears_nothing_twice(site: Site) -> None:
    await site.a_meeting()
    tunnel = await site.tunnel()
    alice, bob = await site.comes("Alice", site.link(port=tunnel.port)), await site.comes("Bob")
    await all_hear(await bob.say("Here we are"), alice)
    you, events = alice.you, alice.events()
    for _ in range(5):
        tunnel.is_deaf = True
        for number in range(4):
            await bob.say(f"number {number}")
        tunnel.cut()
        await all_hear(await bob.say("again"), alice)
    assert alice.you == you
    seqs = [event.seq for event in events._unread]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    site.sees_what_the_server_has(alice)


async def test_what_was_carried_out_and_not_answered_is_asked_again_and_happens_once(site: Site) -> None:
    await site.a_meeting()
    tunnel = await site.tunnel()
    alice, bob = await site.comes("Alice", site.link(port=tunnel.port)), await site.comes("Bob")
    tunnel.is_deaf = True
    asking = [asyncio.ensure_future(alice.say(f"number {number}")) for number in range(5)]
    await happens(bob, lambda: len(bob.state.messages) == 5)
    assert not any(asked.done() for asked in asking)
    tunnel.cut()
    async with asyncio.timeout(SECONDS):
        assert all(await asyncio.gather(*asking))
    await all_hear(await bob.say("the end"), alice)
    texts = [message.text for message in alice.state.messages.values()]
    assert texts == [*(f"number {number}" for number in range(5)), "the end"]


async def test_what_is_asked_while_the_line_is_broken_happens_in_order_when_it_is_back(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice", delays=Delays(0.01, 0.01))
    alice.drop()
    await happens(alice, lambda: not alice.is_connected)
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(alice.say(f"number {number}") for number in range(5)))
    assert [message.text for message in alice.state.messages.values()] == [f"number {number}" for number in range(5)]


async def test_a_place_in_the_queue_survives_the_line(site: Site) -> None:
    meeting = await site.a_meeting()
    fay, alice = await site.facilitates(meeting), await site.comes("Alice", delays=Delays(0.01, 0.01))
    await fay.start()
    await alice.raise_hand()
    alice.drop()
    await happens(fay, lambda: fay.state.participants[alice.you].presence == "away")
    await happens(fay, lambda: fay.state.participants[alice.you].presence == "here")
    assert [hand.who for hand in fay.state.queue.hands] == [alice.you]


async def test_a_position_that_is_too_old_brings_a_fresh_snapshot(tmp_path: Path) -> None:
    async with at_a_site(tmp_path, room_events=10, command_burst=1000) as site:
        await site.a_meeting()
        tunnel = await site.tunnel()
        alice, bob = await site.comes("Alice", site.link(port=tunnel.port)), await site.comes("Bob")
        tunnel.is_deaf = True
        for number in range(25):
            await bob.say(f"number {number}")
        tunnel.cut()
        await all_hear(await bob.say("the end"), alice)
        site.sees_what_the_server_has(alice)


async def test_a_seat_comes_back_as_the_same_participant_after_the_context_has_ended(site: Site) -> None:
    await site.a_meeting()
    async with connect(site.link(), name="Alice") as alice:
        await alice.say("I have to restart my computer")
    again = await site.comes(seat=alice.seat)
    assert again.you == alice.you
    await again.say("and here I am")
    assert len(again.state.messages) == 2


async def test_a_seat_that_connects_elsewhere_closes_the_line_here(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice")
    await site.comes(seat=alice.seat)
    await happens(alice, lambda: alice.closed)
    assert isinstance(alice.closed, Closed)
    assert alice.closed.code == 4009


async def test_whoever_was_removed_stays_away(site: Site) -> None:
    meeting = await site.a_meeting()
    fay, alice = await site.facilitates(meeting), await site.comes("Alice")
    await fay.remove(alice.you)
    await happens(alice, lambda: alice.closed)
    assert isinstance(alice.closed, Closed)
    assert alice.closed.code == 4003


async def test_whoever_leaves_stays_away(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice")
    await alice.leave()
    await happens(alice, lambda: alice.closed)
    assert isinstance(alice.closed, Closed)
    assert alice.closed.code == 1000


async def test_the_role_of_a_key_comes_back_with_the_line_and_one_that_was_taken_does_not(site: Site) -> None:
    meeting = await site.a_meeting()
    fay = await site.facilitates(meeting)
    greta = await site.comes("Greta", site.link(key=meeting.keys.greeter), delays=Delays(0.01, 0.01))
    await fay.role(greta.you, "member")
    await happens(greta, lambda: greta.me and greta.me.role == "member")
    greta.drop()
    await happens(fay, lambda: fay.state.participants[greta.you].presence == "away")
    await happens(fay, lambda: fay.state.participants[greta.you].presence == "here")
    assert fay.state.participants[greta.you].role == "member"


# What no real server can be made to do at will


@pytest.mark.parametrize("code", [1000, 1009, 4000, 4001, 4003, 4004, 4009])
async def test_after_these_codes_one_stays_away(code: int) -> None:
    hellos = list[dict[str, Any]]()

    async def closes(line: Line) -> None:
        hellos.append(line.hello)
        await line.welcome()
        await line.close(code)

    async with a_server_that(closes) as link, connect(link, **OVER_JSON) as room:
        await happens(room, lambda: room.closed)
        assert isinstance(room.closed, Closed)
        assert room.closed.code == code
        with pytest.raises(Closed):
            await room.say("Hello?")
    assert len(hellos) == 1


@pytest.mark.parametrize("code", [1001, 1011, 1012, 1013, 4008, 4029, 4999])
async def test_after_any_other_code_one_comes_back_and_resumes(code: int) -> None:
    hellos = list[dict[str, Any]]()

    async def closes(line: Line) -> None:
        await line.welcome()
        await line.send({"t": "left", "seq": 107, "tag": "tag107", "at": 1, "who": "nobody", "why": "left"})
        await line.close(code)

    async def stays(line: Line) -> None:
        hellos.append(line.hello)
        await line.welcome(resumed=True, room=None)
        await line.until_closed()

    async with a_server_that(closes, stays) as link, connect(link, **OVER_JSON) as room:
        await happens(room, lambda: hellos and room.is_connected)
        assert room.state.seq == 107
    [hello] = hellos
    position = {"epoch": "e", "since": 107, "tag": "tag107"}
    assert hello == {"t": "hello", "name": "Alice", "seat": "a seat", "device": hello["device"]} | position


@pytest.mark.parametrize(
    ("code", "failures", "least", "most"),
    [
        (1012, 0, 0, FIRST_DELAY),
        (4008, 0, 0, FIRST_DELAY),
        (1006, 0, FIRST_DELAY / 2, FIRST_DELAY),
        (1006, 3, 4 * FIRST_DELAY, 8 * FIRST_DELAY),
        (1012, 3, 4 * FIRST_DELAY, 8 * FIRST_DELAY),
        (1006, 10_000, LONGEST_DELAY / 2, LONGEST_DELAY),
        (4029, 0, LONGEST_DELAY / 2, LONGEST_DELAY),
    ],
)
def test_delays_are_random_and_grow(code: int, failures: int, least: float, most: float) -> None:
    delays = [Delays().after(code, failures) for _ in range(100)]
    assert least <= min(delays) < max(delays) <= most


async def test_a_refusal_that_will_pass_is_waited_out() -> None:
    def refuses(code: str) -> Callable[[Line], Any]:
        async def script(line: Line) -> None:
            await line.send({"t": "refused", "code": code, "message": "Not now.", "retry_after": 0.01})
            await line.close(4001)

        return script

    async def stays(line: Line) -> None:
        await line.welcome()
        await line.until_closed()

    async with a_server_that(refuses("too_fast"), refuses("unavailable"), stays) as link, connect(link, **OVER_JSON):
        pass
    async with a_server_that(refuses("full"), stays) as link:
        with pytest.raises(Refused) as refused:
            async with connect(link, **OVER_JSON):
                pass
        assert refused.value.code == "full"


async def test_a_command_is_kept_while_the_log_is_away() -> None:
    asked = list[dict[str, Any]]()

    async def refuses_twice(line: Line) -> None:
        await line.welcome(last=41)
        for _ in range(2):
            command = await line.receive()
            asked.append(command)
            away = {"t": "refused", "code": "unavailable", "message": "Try again.", "retry_after": 0.01}
            await line.send({**away, "id": command["id"]})
        asked.append(await line.receive())
        await line.send({"t": "ack", "id": asked[-1]["id"], "seq": 9})
        await line.until_closed()

    async with a_server_that(refuses_twice) as link, connect(link, **OVER_JSON) as room:
        assert await room.say("Good evening") == 9
    assert asked == [{"t": "say", "id": 42, "text": "Good evening", "to": "everyone", "reply_to": None}] * 3


async def test_what_is_new_in_the_protocol_is_passed_over_and_its_position_kept() -> None:
    async def speaks_a_newer_version(line: Line) -> None:
        await line.welcome()
        await line.send(
            {"t": "weather", "is": "fine"},
            {"t": "sang", "seq": 101, "tag": "tag101", "at": 5, "by": ALICE, "song": "a song"},
        )
        await line.send(
            {"t": "said", "seq": 102, "tag": "t", "at": 6, "message": "m", "text": "x", "to": "everyone", "mood": 1}
        )
        await line.until_closed()

    async with a_server_that(speaks_a_newer_version) as link, connect(link, **OVER_JSON) as room:
        await happens(room, lambda: room.state.seq >= 101)
        await happens(room, lambda: [message.text for message in room.state.messages.values()] == ["x"])


async def test_a_server_that_breaks_the_protocol_ends_it_with_an_error_to_whoever_asks() -> None:
    async def babbles(line: Line) -> None:
        await line.welcome()
        await line.receive()
        await line.send({"t": "ack", "id": "one", "seq": None})
        await line.until_closed()

    async with a_server_that(babbles) as link, connect(link, **OVER_JSON) as room:
        events = room.events()
        with pytest.raises(ValueError, match="Expected `int`"):
            await room.say("Good evening")
        with pytest.raises(ValueError, match="Expected `int`"):
            await anext(events)
