"""Whatever a client sends: it gets its refusal or its close code, and the room goes on."""

import asyncio
import contextlib
import gc
import json
import math
import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest
from msgspec import Meta, Struct
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Opcode

from rooms.chat import Typing
from rooms.room import WireCommand
from server.socket import Socket
from server.wire import Hello
from tests import live
from tests.server.client import Message
from tests.server.kit import SECONDS, Served, serving
from tests.server.test_frames import client_frame

PATIENT = {"command_burst": 100_000, "commands_per_second": 100_000}
COMMANDS = {word.__struct_config__.tag: word for word in (*get_args(WireCommand), Typing)}
REFUSALS = {"bad_message", "too_long", "bad_name"}
HALF_A_CHARACTER = "\ud83d"  # of an emoji, as a web page cuts it at a limit

both_encodings = pytest.mark.parametrize("text", [False, True])


@pytest.fixture
def any_number_of_strikes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.socket.MOST_MALFORMED", 1_000_000)
    monkeypatch.setattr("server.socket.MOST_NEEDLESS", 1_000_000)


def plain(type_: Any) -> dict[Any, Meta]:
    """The plain types that a field takes, and their bounds."""
    origin = get_origin(type_)
    if origin is Annotated:
        inner, bounds = get_args(type_)
        return dict.fromkeys(plain(inner), bounds)
    if origin in {Union, UnionType}:
        return {kind: bounds for one in get_args(type_) for kind, bounds in plain(one).items()}
    return {origin or type_: Meta()}


def fine(type_: Any) -> Any:
    """A value that the field takes."""
    kind = next(iter(plain(type_)))
    if kind is Literal:
        literal = type_ if get_origin(type_) is Literal else get_args(type_)[0]
        return get_args(literal)[0]
    if kind is Sequence:
        return [fine(element(type_))]
    return {str: "x", int: 1, float: 1.5, bool: True}[kind]


def element(type_: Any) -> Any:
    """Of what a field takes a list."""
    return get_args(get_args(type_)[0])[0]


def wrong(type_: Any) -> Iterator[Any]:
    """Values of every kind that the field does not take, and the nearest and the farthest beyond its bounds."""
    takes = plain(type_)
    yield from ({}, [], {"a": [1]})
    if Sequence in takes and (longest := takes[Sequence].max_length) is not None:
        yield fine(type_) * (longest + 1)
        yield from ([value] for value in wrong(element(type_)))
    if str in takes:
        if (longest := takes[str].max_length) is not None:
            yield from ("x" * (longest + 1), "x" * 16_000)
        if takes[str].min_length:
            yield ""
    else:
        yield from ("1", "", "x" * 16_000)
    if int in takes:
        if (least := takes[int].ge) is not None:
            yield from (least - 1, -(2**63))
        if (most := takes[int].le) is not None:
            yield from (most + 1, 2**64 - 1)
        yield from (1.5, 1.0)
    elif float not in takes:
        yield from (1, -1, 1.5, 2**64 - 1)
    if bool not in takes:
        yield True
    if type(None) not in takes:
        yield None


def fields(struct: type[Struct]) -> list[msgspec.structs.FieldInfo]:
    return [field for field in msgspec.structs.fields(struct) if field.name not in {"t", "id"}]


def whole(t: str) -> Message:
    """A command of that type with all its fields."""
    return {"t": t} | {field.encode_name: fine(field.type) for field in fields(COMMANDS[t])}


def malformed() -> Iterator[tuple[str, str, Message]]:
    """Every field of every command with everything that it does not take, and without what it needs."""
    for t, command in COMMANDS.items():
        for field in fields(command):
            name = field.encode_name
            for value in wrong(field.type):
                yield t, name, whole(t) | {name: value}
            if field.required:
                yield t, name, {key: value for key, value in whole(t).items() if key != name}


@both_encodings
@pytest.mark.usefixtures("any_number_of_strikes")
async def test_a_wrong_field_of_any_command_is_refused_and_changes_nothing(tmp_path: Path, text: bool) -> None:
    async with serving(tmp_path, **PATIENT) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host, text=text)
        cases = list(malformed())
        assert len(cases) > 500
        for number, (t, name, message) in enumerate(cases, start=1):
            await fay.send(message | {"id": number})
            answer = await fay.answer(number)
            assert answer["t"] == "refused", (t, name, message)
            assert answer["code"] in REFUSALS, (t, name, answer)
        assert fay.events == []


@both_encodings
@pytest.mark.usefixtures("any_number_of_strikes")
async def test_a_number_beyond_the_range_of_its_rule_is_refused_and_changes_nothing(tmp_path: Path, text: bool) -> None:
    async with serving(tmp_path, **PATIENT) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host, text=text)
        for command in ({"t": "start"}, {"t": "call", "who": fay.id}, {"t": "begin"}, {"t": "chat", "mode": "slow"}):
            await fay.does(**command)
        before = len(fay.events)
        numbers = [(t, field.name) for t in COMMANDS for field in fields(COMMANDS[t]) if float in plain(field.type)]
        assert len(numbers) == 4
        for t, name in numbers:
            for value in (math.nan, math.inf, -math.inf, 1e308, -1e308, 2**63, -(2**63), 100_000, -100_000):
                assert await fay.is_refused(**(whole(t) | {"mode": "slow", name: value})) == "bad_message", (t, value)
        assert len(fay.events) == before


@both_encodings
@pytest.mark.usefixtures("any_number_of_strikes")
async def test_a_text_in_no_encoding_is_refused_by_its_id(tmp_path: Path, text: bool) -> None:
    async with serving(tmp_path, **PATIENT) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host, text=text)
        no_texts = [HALF_A_CHARACTER, *([] if text else [b"x", msgpack.ExtType(5, b"x"), msgpack.Timestamp(1)])]
        texts = [(t, field.encode_name) for t in COMMANDS for field in fields(COMMANDS[t]) if str in plain(field.type)]
        for t, name in texts:
            for value in no_texts:
                fay.last += 1
                message = whole(t) | {"id": fay.last, name: value}
                await fay.line.send(
                    json.dumps(message) if text else msgpack.packb(message, unicode_errors="surrogatepass")
                )
                assert (await fay.answer(fay.last))["code"] == "bad_message", (t, name, value)
        assert fay.events == []


@both_encodings
@pytest.mark.usefixtures("any_number_of_strikes")
async def test_a_command_that_is_cut_short_anywhere_is_refused_and_changes_nothing(tmp_path: Path, text: bool) -> None:
    async with serving(tmp_path, **PATIENT) as served:
        keys = (await served.a_meeting()).keys
        fay = await served.comes("Fay", key=keys.host, text=text)
        for t in COMMANDS:
            message: Any = json.dumps(whole(t) | {"id": 1}) if text else msgpack.packb(whole(t) | {"id": 1})
            pieces = [message[:end] for end in range(len(message))] + [message + message[:1]]
            for piece in pieces:
                await fay.line.send(piece)
            for piece in pieces:
                assert (await fay.until("refused"))["code"] == "bad_message", (t, piece)
        assert fay.events == []


@pytest.mark.parametrize("command", [0, -1, 2**53, 1.5, "1", None, True, [1], "absent"])
@both_encodings
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


@both_encodings
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


@both_encodings
async def test_a_wrong_field_of_a_hello_ends_the_line(served: Served, text: bool) -> None:
    await served.a_meeting()
    for field in fields(Hello):
        for value in wrong(field.type):
            client = await served.connected(text=text)
            await client.send({"t": "hello", "name": "Alice", field.name: value})
            assert await client.closing_code() == 4000, (field.name, value)
    assert served.replicas == []


async def test_a_hello_with_a_position_beyond_all_numbers_gets_a_snapshot(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", text=True)
    for since in (2**64 - 1, -(2**63), 10**300):
        alice = await served.resumes(alice, since=since)
        assert alice.welcome["resumed"] is False


@pytest.mark.usefixtures("any_number_of_strikes")
async def test_ten_thousand_random_messages_do_no_harm(served: Served) -> None:
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


def a_random_frame(rng: random.Random) -> bytes:
    """Mostly as RFC 6455 has it, so that what comes after it is read as well."""
    payload = rng.choice([b"", msgpack.packb({"t": "hello", "name": "Mallory"}), rng.randbytes(rng.randrange(200))])
    match rng.randrange(20):
        case 0:
            return rng.randbytes(rng.randrange(40))
        case 1:
            return client_frame(rng.randrange(16), payload, fin=rng.random() < 0.5, rsv=rng.randrange(8))
        case 2:
            return client_frame(rng.choice([Opcode.TEXT, Opcode.BINARY]), bytes(rng.choice([126, 16_384, 70_000])))
        case 3:
            return client_frame(
                Opcode.CLOSE, rng.choice([b"", b"\x03", b"\x03\xe8\xff", Close(1000, "bye").serialize()])
            )
        case 4:
            return client_frame(Opcode.BINARY, payload, mask=b"")
        case other:
            opcode = rng.choice([Opcode.PING, Opcode.PONG, Opcode.CONT, Opcode.TEXT, *[Opcode.BINARY] * 6])
            return client_frame(opcode, payload[:125], fin=opcode > Opcode.BINARY or other > 6)


def the_close_in(stream: bytes) -> int | None:
    """The code of the close frame that a stream of short server frames ends with."""
    reader, code = memoryview(stream), None
    while len(reader) >= 2:
        head, size = (4, int.from_bytes(reader[2:4])) if reader[1] == 126 else (2, reader[1])
        code = int.from_bytes(reader[2:4]) if reader[0] & 0x0F == Opcode.CLOSE and size else None
        reader = reader[head + size :]
    return code


async def test_ten_thousand_random_frames_do_no_harm(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    rng = random.Random(7)
    codes = set[int | None]()
    for number in range(1000):
        mallory = await live.Client.connect(served.port)
        await mallory.shake_hands("/rooms/circle/socket", "Sec-WebSocket-Protocol: openchair.v1.msgpack\r\n")
        with contextlib.suppress(OSError):  # it may be cut before all is sent
            await mallory.send(b"".join(a_random_frame(rng) for _ in range(10)))
            mallory.socket.shutdown(socket.SHUT_WR)
        codes.add(the_close_in(await mallory.dropped()))
        mallory.hang_up()
        if number % 100 == 0:
            await alice.does("say", text=f"The room goes on, {number}")
            await bob.until("said", text=f"The room goes on, {number}")
    assert {1002, 1007, 1009, 4000} <= codes <= {None, 1000, 1002, 1007, 1009, 4000}
    async with asyncio.timeout(SECONDS):
        while served.app.protocol.watch.open > 2:
            await served.get("/healthz")
    await alice.does("say", text="And on")
    gc.collect()
    assert len([it for it in gc.get_objects() if isinstance(it, Socket)]) == 2


async def test_a_flood_of_commands_ends_the_line(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    with contextlib.suppress(ConnectionClosed):
        for number in range(1, 2000):
            await alice.send({"t": "say", "id": number, "text": "x"})
    assert await alice.closing_code() == 4029
    await bob.does("say", text="the room goes on")
    assert 30 <= len([event for event in bob.events if event["t"] == "said"]) < 100
