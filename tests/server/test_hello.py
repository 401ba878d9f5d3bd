"""Connecting: the handshake, the hello and what it is answered with (docs/protocol.md, "Connecting")."""

from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.server.kit import MINUTE, Served, serving

ONES_OWN = Subprotocol("openchair.v1.json")


async def test_a_request_without_a_subprotocol_is_refused_at_the_handshake(served: Served) -> None:
    await served.a_meeting()
    for subprotocols in (None, [Subprotocol("chat")]):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{served.port}/rooms/circle/socket", subprotocols=subprotocols)
        assert refused.value.response.status_code == 400


async def test_a_page_of_another_site_is_refused_at_the_handshake(served: Served) -> None:
    await served.a_meeting()
    url = f"ws://127.0.0.1:{served.port}/rooms/circle/socket"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, subprotocols=[ONES_OWN], origin=Origin("https://elsewhere.example"))
    assert refused.value.response.status_code == 403
    async with connect(url, subprotocols=[ONES_OWN], origin=Origin(f"http://127.0.0.1:{served.port}")) as line:
        assert line.subprotocol == ONES_OWN


async def test_an_origin_of_the_settings_may_connect(tmp_path: Path) -> None:
    async with serving(tmp_path, origin=["https://circle.example"]) as served:
        await served.a_meeting()
        client = await served.connected(origin=Origin("https://circle.example"))
        assert (await client.hello(name="Alice"))["t"] == "welcome"


@pytest.mark.parametrize("text", [False, True])
async def test_an_unknown_room_is_told_before_the_close(served: Served, text: bool) -> None:
    await served.a_meeting()
    for room in ("nowhere", "circle.20200101T0000Z", "circle.yesterday", "circle.", "%00"):
        client = await served.connected(room, text)
        refusal = await client.hello(name="Alice")
        assert (refusal["t"], refusal["code"]) == ("refused", "no_such_room")
        assert await client.closing_code() == 4004


async def test_a_room_is_found_by_slug_and_by_id(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    bob = await served.comes("Bob", room=alice.room["id"])
    assert (await alice.until("joined"))["who"] == bob.id


@pytest.mark.parametrize(
    "first",
    [
        {"t": "say", "id": 1, "text": "hi"},
        {"t": "hello", "name": 5},
        {"t": "hello", "since": "x"},
        {"t": "hello", "name": "Al", "device": "x" * 65},
        [],
        7,
        None,
        {},
    ],
)
@pytest.mark.parametrize("text", [False, True])
async def test_a_first_message_that_is_no_hello_ends_the_line(served: Served, first: object, text: bool) -> None:
    await served.a_meeting()
    client = await served.connected(text=text)
    await client.send(first)
    assert await client.closing_code() == 4000


async def test_bytes_that_are_no_message_end_the_line(served: Served) -> None:
    await served.a_meeting()
    for text, data in (
        (False, b"\xc1"),
        (False, b""),
        (True, "{"),
        (True, '{"t": "hello", "name": "\\ud800"}'),
        (True, b"\x81\xa1t\xa5hello"),
        (False, "{}"),
    ):
        client = await served.connected(text=text)
        await client.line.send(data)
        assert await client.closing_code() == 4000


async def test_whoever_never_says_hello_is_let_go(tmp_path: Path) -> None:
    async with serving(tmp_path, hello_seconds=0.2) as served:
        await served.a_meeting()
        silent = [await served.connected() for _ in range(3)]
        speaking = await served.comes("Alice")
        assert [await client.closing_code() for client in silent] == [4000] * 3
        await speaking.does("say", text="I am still here")


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\nb", "a\u202eb", "\u200d", None])
async def test_a_name_that_cannot_be_shown_is_refused(served: Served, name: str | None) -> None:
    await served.a_meeting()
    client = await served.connected(text=True)
    refusal = await client.hello(name=name)
    assert (refusal["t"], refusal["code"]) == ("refused", "bad_name")
    assert await client.closing_code() == 4001


async def test_names_are_trimmed_and_normalised(served: Served) -> None:
    await served.a_meeting()
    client = await served.comes("  Zoe\u0308 ")
    assert client.room["participants"][0]["name"] == "Zo\u00eb"


async def test_role_keys_come_in_with_their_roles(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    roles = [
        (await served.comes("Somebody", key=key)).welcome["role"]
        for key in (keys.host, keys.host, keys.timekeeper, keys.greeter)
    ]
    assert roles == ["facilitator", "cofacilitator", "timekeeper", "greeter"]


async def test_a_key_of_no_role_is_refused(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    for key in ("wrong", keys.manage, keys.host + "x"):
        client = await served.connected(text=True)
        assert (await client.hello(name="Mallory", key=key))["code"] == "bad_key"
        assert await client.closing_code() == 4001


async def test_a_passcode_is_asked_of_newcomers_only(served: Served) -> None:
    keys = (await served.a_meeting(passcode="open sesame")).keys
    for passcode in ({}, {"passcode": "close sesame"}):
        client = await served.connected()
        assert (await client.hello(name="Alice", **passcode))["code"] == "bad_passcode"
        assert await client.closing_code() == 4001
    alice = await served.comes("Alice", passcode="open sesame")
    await served.comes("Fay", key=keys.host)
    await served.comes(seat=alice.welcome["seat"])


async def test_a_seat_of_another_room_is_ignored(served: Served) -> None:
    await served.a_meeting()
    await served.a_meeting(slug="other")
    alice = await served.comes("Alice")
    for seat in (alice.welcome["seat"], "forged", alice.welcome["seat"] + "x"):
        there = await served.comes("Alice", room="other", seat=seat, text=True)
        assert there.id != alice.id


async def test_nobody_is_let_in_before_the_doors_and_nothing_is_told(served: Served) -> None:
    keys = (await served.a_meeting(starts_in=30 * MINUTE, doors_minutes=15)).keys
    early = await served.connected()
    waiting = await early.hello(name="Alice")
    assert waiting == {
        "t": "waiting",
        "reason": "doors",
        "now": waiting["now"],
        "opens_at": waiting["opens_at"],
        "meeting": {"slug": "circle", "name": "A circle"},
    }
    fay = await served.comes("Fay", key=keys.host)
    assert fay.welcome["role"] == "facilitator"
    assert waiting["opens_at"] == fay.room["doors_at"]
    await early.send({"t": "say", "id": 1, "text": "Hello?"})
    assert (await early.receive())["code"] == "not_now"


async def test_those_who_wait_come_in_when_the_doors_open(served: Served) -> None:
    await served.a_meeting(starts_in=2 * MINUTE, doors_minutes=1)
    start = -(-(served.clock() + 2 * MINUTE) // MINUTE) * MINUTE
    served.clock.ahead += start - MINUTE - 300 - served.clock()
    early = [await served.connected() for _ in range(2)]
    for number, client in enumerate(early):
        assert (await client.hello(name=f"Early {number}"))["t"] == "waiting"
    gone = await served.connected()
    assert (await gone.hello(name="Gone"))["t"] == "waiting"
    await gone.leave_the_line()
    welcomes = [await client.until("welcome") for client in early]
    assert len(welcomes[1]["room"]["participants"]) == 2


async def test_those_who_wait_come_in_when_the_meeting_starts_before_its_doors_open(served: Served) -> None:
    keys = (await served.a_meeting(starts_in=60 * MINUTE)).keys
    early = await served.connected()
    assert (await early.hello(name="Alice"))["t"] == "waiting"
    fay = await served.comes("Fay", key=keys.host)
    await fay.does("start")
    await early.until("welcome")


async def test_a_full_meeting_is_refused(served: Served) -> None:
    await served.a_meeting(capacity=1)
    await served.comes("Alice")
    client = await served.connected()
    assert (await client.hello(name="Bob"))["code"] == "full"
    assert await client.closing_code() == 4001


async def test_too_many_rooms_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, rooms=1) as served:
        await served.a_meeting()
        await served.a_meeting(slug="other")
        await served.comes("Alice")
        client = await served.connected("other")
        assert (await client.hello(name="Bob"))["code"] == "full"
        assert await client.closing_code() == 4001


async def test_newcomers_of_one_address_are_slowed_down_where_strangers_can_come(tmp_path: Path) -> None:
    async with serving(tmp_path, host="0.0.0.0", joins_per_second=2) as served:  # listens on loopback all the same
        await served.a_meeting()
        alice, _ = await served.comes("Alice"), await served.comes("Bob")
        client = await served.connected()
        refusal = await client.hello(name="Charlie")
        assert (refusal["code"], refusal["retry_after"] > 0) == ("too_fast", True)
        assert await client.closing_code() == 4001
        await served.comes(seat=alice.welcome["seat"])  # who has been let in comes back at once


async def test_a_room_that_nobody_came_into_is_forgotten(served: Served) -> None:
    await served.a_meeting(passcode="sesame")
    client = await served.connected()
    await client.hello(name="Alice")
    await client.closing_code()
    await served.rooms_are_gone()
    assert served.logs_in_memory == {}


async def test_unknown_fields_are_passed_over(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", colour="green")
    await alice.does("say", text="Hello", mood="good")
