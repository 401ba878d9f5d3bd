"""Client frames are read as RFC 6455 says, and as the websockets package reads them."""

import logging
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from server.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    Violation,
    close_code,
    close_frame,
    control_frame,
    frame,
)

LIMIT = 16 * 1024
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
CONTROL = (Opcode.PING, Opcode.PONG, Opcode.CLOSE)


def client_frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes = b"\x11\xfa\x05\x3d"
) -> bytes:
    """One client frame, legal or not; an empty `mask` leaves it unmasked."""
    length = len(payload)
    masked = 0x80 if mask else 0
    if length < 126:
        size = bytes([masked | length])
    elif length < 1 << 16:
        size = bytes([masked | 126]) + length.to_bytes(2)
    else:
        size = bytes([masked | 127]) + length.to_bytes(8)
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
    return bytes([fin << 7 | rsv << 4 | opcode]) + size + mask + body


def read(
    stream: bytes, cuts: list[int] | None = None, limit: int = LIMIT
) -> tuple[list[tuple[int, bytes]], int | None]:
    """What our reader makes of `stream`, cut at `cuts`: the messages, and the code it closed with, if it did."""
    reader = FrameReader(limit)
    messages: list[tuple[int, bytes]] = []
    try:
        for piece in pieces(stream, cuts or []):
            for opcode, payload in reader.feed(piece):
                if opcode == CLOSE:
                    return messages, close_code(payload)
                messages.append((opcode, payload))
    except Violation as violation:
        return messages, violation.code
    return messages, None


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[a:b] for a, b in pairwise(places)]


class Oracle:
    """The same by websockets' own parser, with the UTF-8 check of text that it leaves to its callers."""

    def __init__(self, limit: int = LIMIT) -> None:
        quiet = logging.getLogger("test.oracle")
        quiet.setLevel(logging.CRITICAL)
        self.protocol = ServerProtocol(state=OPEN, max_size=limit, logger=quiet)
        self.messages: list[tuple[int, bytes]] = []
        self.code: int | None = None
        self._opcode, self._parts = Opcode.BINARY, b""

    def feed(self, data: bytes) -> None:
        if self.code is not None:
            return
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            if self.code is None:
                self._take(event.opcode, bytes(event.data), event.fin)
        if self.code is None and self.protocol.close_rcvd is not None:
            self.code = self.protocol.close_rcvd.code
        elif self.code is None and self.protocol.close_sent is not None:
            self.code = self.protocol.close_sent.code

    def _take(self, opcode: Opcode, data: bytes, fin: bool) -> None:
        if opcode is Opcode.CLOSE:
            return
        if opcode in CONTROL:
            self.messages.append((opcode, data))
            return
        if opcode is not Opcode.CONT:
            self._opcode, self._parts = opcode, b""
        self._parts += data
        if fin:
            if self._opcode is Opcode.TEXT and not is_utf8(self._parts):
                self.code = 1007
            else:
                self.messages.append((self._opcode, self._parts))


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


close_payloads = st.one_of(
    st.just(b""),
    st.binary(max_size=3),
    st.builds(
        lambda code, reason: code.to_bytes(2) + reason.encode()[:60],
        st.one_of(st.integers(990, 1020), st.integers(2990, 5010), st.integers(0, 65535)),
        st.text(max_size=30),
    ),
)
texts = st.text(max_size=60).map(str.encode)
data_payloads = st.one_of(texts, st.binary(max_size=140), st.integers(100, LIMIT + 300).map(bytes), st.just(b""))
legal_frames = st.one_of(
    st.builds(client_frame, st.sampled_from((TEXT, BINARY)), data_payloads, mask=st.binary(min_size=4, max_size=4)),
    st.builds(client_frame, st.sampled_from((PING, PONG)), st.binary(max_size=125)),
)
# Text in fragments that cut its characters, with pings between them.
fragmented = st.builds(
    lambda opcode, parts, pings: b"".join(
        client_frame(0 if i else opcode, part, fin=i == len(parts) - 1)
        + (client_frame(PING, b"between") if pings and i < len(parts) - 1 else b"")
        for i, part in enumerate(parts)
    ),
    st.sampled_from((TEXT, BINARY)),
    st.builds(
        pieces,
        st.one_of(texts, st.binary(max_size=50), st.just(bytes(9000))),
        st.lists(st.integers(0, 9000), max_size=4),
    ),
    st.booleans(),
)
odd_frames = st.builds(
    client_frame,
    st.integers(0, 15),
    st.one_of(st.binary(max_size=140), texts),
    fin=st.booleans(),
    rsv=st.sampled_from((0, 0, 0, 1, 2, 4, 7)),
    mask=st.sampled_from((b"\x01\x02\x03\x04", b"\x01\x02\x03\x04", b"")),
)
# Continuations of nothing, messages inside others, and now and then a whole one.
loose_ends = st.builds(client_frame, st.sampled_from((0, TEXT, BINARY)), texts, fin=st.booleans())
close_frames = st.builds(client_frame, st.just(CLOSE), close_payloads)
streams = st.lists(st.one_of(legal_frames, fragmented, loose_ends, odd_frames, close_frames), max_size=6).map(b"".join)


@settings(max_examples=400)
@given(streams, st.lists(st.integers(0, 1 << 20), max_size=8))
@example(client_frame(TEXT, "é".encode()[:1], fin=False) + client_frame(0, "é".encode()[1:]), [7])
@example(client_frame(TEXT, b"\xff"), [])
@example(client_frame(BINARY, bytes(LIMIT)) + client_frame(BINARY, bytes(LIMIT + 1)), [])
@example(client_frame(BINARY, bytes(LIMIT - 200), fin=False) + client_frame(0, bytes(201)), [])
@example(client_frame(0, b"of what?"), [])
@example(client_frame(TEXT, b"a", fin=False) + client_frame(TEXT, b"b"), [])
@example(client_frame(BINARY, b"a", fin=False) + client_frame(CLOSE, b"\x03\xe8"), [])
def test_a_stream_is_read_as_websockets_reads_it_wherever_it_is_cut(stream: bytes, cuts: list[int]) -> None:
    oracle = Oracle()
    oracle.feed(stream)
    messages, code = read(stream, cuts)
    if oracle.code is None and code is not None:
        # We judge a frame by its header; websockets waits for its payload: let it have the rest.
        oracle.feed(bytes(200))
    assert (messages, code) == (oracle.messages, oracle.code)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
def test_garbage_is_told_from_messages_as_websockets_tells_it(stream: bytes, cuts: list[int]) -> None:
    oracle = Oracle()
    oracle.feed(stream)
    messages, code = read(stream, cuts)
    if oracle.code is None and code is not None:
        oracle.feed(bytes(LIMIT))
    assert messages == oracle.messages
    if {code, oracle.code} != {1002, 1009}:  # a header that breaks two rules may be named for either
        assert code == oracle.code


@given(st.binary(max_size=300), st.booleans())
@example(bytes(125), True)
@example(bytes(126), True)
@example(bytes(65535), False)
@example(bytes(65536), False)
def test_a_server_frame_is_what_websockets_makes(payload: bytes, text: bool) -> None:
    expected = Frame(Opcode.TEXT if text else Opcode.BINARY, payload).serialize(mask=False)
    assert frame(payload, text=text) == expected


def test_control_frames_are_what_websockets_makes() -> None:
    assert control_frame(PONG, b"hello") == Frame(Opcode.PONG, b"hello").serialize(mask=False)
    assert close_frame(4008, "too slow") == Frame(Opcode.CLOSE, Close(4008, "too slow").serialize()).serialize(
        mask=False
    )
    with pytest.raises(ValueError, match="125"):
        close_frame(1000, "x" * 124)


def test_frames_cut_at_every_byte_are_the_same_frames() -> None:
    stream = (
        client_frame(TEXT, "Grüße".encode())
        + client_frame(BINARY, bytes(300), fin=False)
        + client_frame(PING, b"p")
        + client_frame(0, b"end")
    )
    expected = [(TEXT, "Grüße".encode()), (PING, b"p"), (BINARY, bytes(300) + b"end")]
    assert read(stream) == (expected, None)
    assert read(stream, list(range(len(stream)))) == (expected, None)


def test_the_close_codes_that_a_client_may_give_are_those_that_websockets_knows() -> None:
    for code in range(6000):
        stream = client_frame(CLOSE, code.to_bytes(2))
        oracle = Oracle()
        oracle.feed(stream)
        assert read(stream) == ([], oracle.code)


def test_what_came_before_a_violation_is_still_heard() -> None:
    assert read(client_frame(TEXT, b"heard") + client_frame(3)) == ([(TEXT, b"heard")], 1002)


def test_a_close_may_come_between_fragments() -> None:
    assert read(client_frame(TEXT, b"half", fin=False) + client_frame(CLOSE, b"\x03\xe9")) == ([], 1001)


@pytest.mark.parametrize("announced", [LIMIT + 1, 1 << 20, (1 << 63) - 1, (1 << 64) - 1])
def test_a_message_over_the_limit_is_refused_by_its_header(announced: int) -> None:
    size = bytes([0x80 | 126]) + announced.to_bytes(2) if announced < 1 << 16 else b"\xff" + announced.to_bytes(8)
    assert read(bytes([0x82]) + size) == ([], 1009)


def test_fragments_are_counted_together() -> None:
    half = client_frame(BINARY, bytes(LIMIT // 2), fin=False)
    assert read(half + client_frame(0, bytes(LIMIT // 2))) == ([(BINARY, bytes(LIMIT))], None)
    assert read(half + client_frame(0, bytes(LIMIT // 2 + 1))[:6]) == ([], 1009)


def test_empty_fragments_without_end_hold_no_memory() -> None:
    reader = FrameReader(LIMIT)
    list(reader.feed(client_frame(TEXT, b"", fin=False)))
    empty = client_frame(0, b"", fin=False) * 10_000
    assert list(reader.feed(empty)) == []
    assert list(reader.feed(client_frame(0, b"done"))) == [(TEXT, b"done")]
