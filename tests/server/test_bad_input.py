"""Whatever a client sends: it gets its refusal or its close code, and the room goes on."""

import contextlib
import json
import random
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from rooms.room import WireCommand
from tests.server.client import Message
from tests.server.kit import Served, serving

PATIENT = {"command_burst": 100_000, "commands_per_second": 100_000}
COMMANDS = {word.__struct_config__.tag: word for word in get_args(WireCommand)}
REFUSALS = {"bad_message", "too_long", "bad_name"}


def kinds(type_: Any) -> set[Any]:
    """The plain types that a field takes."""
    origin = get_origin(type_)
    if origin is Annotated:
        return kinds(get_args(type_)[0])
    if origin in {Union, UnionType}:
        return set().union(*map(kinds, get_args(type_)))
    return {type(get_args(type_)[0])} if origin is Literal else {type_}


def fine(type_: Any) -> Any:
    """A value that the field takes."""
    origin = get_origin(type_)
    if origin is Literal:
        return get_args(type_)[0]
    if origin in {Union, UnionType}:
        return fine(get_args(type_)[0])
    value: Any = {str: "x", int: 1, float: 1.5, bool: True}.get(next(iter(kinds(type_))))
    return value


def wrong(type_: Any) -> list[Any]:
    """Values of every kind that the field does not take, and some beyond its range."""
    takes = kinds(type_)
    values: list[Any] = [{}, [], {"a": [1]}]
    if str not in takes:
        values += ["1", ""]
    else:
        values.append("x" * 16_000)
    if not takes & {int, float}:
        values += [1, -1, 1.5, 2**64 - 1]
    elif float not in takes:
        values += [1.5, 2**64 - 1, -(2**63)]
    if bool not in takes:
        values.append(True)
    if type(None) not in takes:
        values.append(None)
    return values


def malformed() -> list[tuple[str, str, Message]]:
    """Every field of every command with everything that it does not take, and without what it needs."""
    cases = []
    for t, command in COMMANDS.items():
        fields = [f for f in msgspec.structs.fields(command) if f.name != "id"]
        whole = {"t": t, "id": 1} | {f.encode_name: fine(f.type) for f in fields}
        for f in fields:
            cases += [(t, f.encode_name, whole | {f.encode_name: value}) for value in wrong(f.type)]
            if f.required:
                cases.append((t, f.encode_name, {k: value for k, value in whole.items() if k != f.encode_name}))
    return cases


@pytest.mark.parametrize("text", [False, True])
async def test_a_wrong_field_of_any_command_is_refused_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bool
) -> None:
    monkeypatch.setattr("server.socket.MOST_MALFORMED", 1_000_000)
    monkeypatch.setattr("server.socket.MOST_NEEDLESS", 1_000_000)
    async with serving(tmp_path, **PATIENT) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host, text=text)
        cases = malformed()
        assert len(cases) > 400
        for number, (t, name, message) in enumerate(cases, start=1):
            await fay.send(message | {"id": number})
            answer = await fay.answer(number)
            assert answer["t"] == "refused", (t, name, message)
            assert answer["code"] in REFUSALS, (t, name, answer)
        assert fay.events == []


@pytest.mark.parametrize("command", [0, -1, 2**53, 1.5, "1", None, True, [1], "absent"])
@pytest.mark.parametrize("text", [False, True])
async def test_a_command_without_a_proper_id_is_refused_without_one(served: Served, command: Any, text: bool) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", text=text)
    message = {"t": "say", "text": "Hello"} | ({} if command == "absent" else {"id": command})
    await alice.send(message)
    refusal = await alice.until("refused")
    assert refusal["code"] == "bad_message"
    assert "id" not in refusal
    await alice.does("say", text="still here")


async def test_unknown_commands_are_told_apart_from_malformed_ones(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    assert await alice.is_refused("levitate") == "unknown_command"
    assert await alice.is_refused("say") == "bad_message"
    assert await alice.is_refused("say", text="x" * 2001) == "too_long"
    assert await alice.is_refused("say", text="") == "bad_message"
    assert await alice.is_refused("say", text="  \n ") == "bad_message"
    assert await alice.is_refused("rename", name="x" * 41) == "bad_name"
    assert await alice.is_refused("rename", name="x" * 4000) == "bad_name"
    assert await alice.is_refused("raise_hand", topic="x" * 81) == "too_long"
    assert await alice.is_refused("hello", name="Alice") == "bad_message"
    await alice.does("say", text="x" * 2000)


async def test_newer_clients_may_ask_for_unknown_things_without_being_cut(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    for _ in range(20):
        assert await alice.is_refused("levitate") == "unknown_command"
    assert await alice.is_refused("say") == "bad_message"
    await alice.does("say", text="still here")


async def test_ten_malformed_messages_in_a_minute_end_the_line(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    for _ in range(10):
        await alice.send({"t": "say"})
    assert await alice.closing_code() == 4029
    assert [message["code"] for message in alice.seen if message["t"] == "refused"] == ["bad_message"] * 10
    await bob.does("say", text="the room goes on")


@pytest.mark.parametrize("text", [False, True])
async def test_a_message_in_the_other_encoding_is_refused(served: Served, text: bool) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", text=text)
    say = {"t": "say", "id": 1, "text": "Hello"}
    await alice.line.send(msgspec.msgpack.encode(say) if text else json.dumps(say))
    assert (await alice.until("refused"))["code"] == "bad_message"
    await alice.does("say", text="still here")


async def test_deep_nesting_is_refused(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob", text=True)
    await alice.line.send(b"\x91" * 8000)
    await bob.line.send('{"t":' + "[" * 8000)
    await bob.line.send('{"t":"say","id":1,"text":"x","more":' + "[" * 3000 + "]" * 3000 + "}")
    for person, count in ((alice, 1), (bob, 2)):
        for _ in range(count):
            assert (await person.until("refused"))["code"] == "bad_message"
        await person.does("say", text="still here")


async def test_a_message_that_is_too_large_ends_the_line(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    await alice.send({"t": "say", "id": 1, "text": "x" * 16 * 1024})
    assert await alice.closing_code() == 1009
    await bob.does("say", text="the room goes on")


async def test_ten_thousand_random_messages_do_no_harm(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.socket.MOST_MALFORMED", 1_000_000)
    monkeypatch.setattr("server.socket.MOST_NEEDLESS", 1_000_000)
    await served.a_meeting()
    rng = random.Random(20)
    alice, bob = await served.comes("Alice"), await served.comes("Bob", text=True)
    pieces = [b"\x82\xa1t\xa3say", b"\xa2id\x01", b"\xa4text\xa1x", b'{"t":"say",', b'"id":1,', b'"text":"x"}', b"\xff"]
    for person in (alice, bob):
        for _ in range(5_000):
            if rng.random() < 0.5:
                data = rng.randbytes(rng.randrange(60))
            else:
                data = b"".join(rng.choices(pieces, k=rng.randrange(6)))
            await person.line.send(data.decode("latin-1") if person.text else data)
    for person in (alice, bob):
        person.last = 1000
        await person.does("say", text="still here")


async def test_a_flood_of_commands_ends_the_line(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    with contextlib.suppress(ConnectionClosed):
        for number in range(1, 2000):
            await alice.send({"t": "say", "id": number, "text": "x"})
    assert await alice.closing_code() == 4029
    await bob.does("say", text="the room goes on")
    assert 30 <= len([event for event in bob.events if event["t"] == "said"]) < 100
