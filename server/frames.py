"""WebSocket frames (RFC 6455), pure: finished server frames out, client frames in. No I/O, no extensions."""

from collections.abc import Iterator
from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # a wheel without the C module
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL: Final = 0x80
MASKED: Final = 0x80
MAX_CONTROL: Final = 125  # bytes, section 5.5

# The first bytes that a client may send: no reserved bit or opcode, and control frames in one piece (5.2, 5.5).
LEGAL: Final = frozenset({CONTINUATION, TEXT, BINARY} | {FINAL | opcode for opcode in (0, 1, 2, 8, 9, 10)})

# 7.4.1 and the IANA registry: 1004 is reserved; 1005, 1006 and 1015 stand for what no frame may say.
CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
NO_CODE: Final = 1005


class Violation(Exception):  # noqa: N818 (a word of the RFC's field)
    """The peer broke the WebSocket protocol; `code` is what to close with: 1002, 1007 or 1009."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def frame(payload: bytes, *, text: bool) -> bytes:
    """One finished server frame, final and unmasked: the same bytes serve every client."""
    return _frame(TEXT if text else BINARY, payload)


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    """A finished `PING`, `PONG` or `CLOSE`. Raises `ValueError` for a payload over 125 bytes."""
    if len(payload) > MAX_CONTROL:
        raise ValueError(f"expected at most {MAX_CONTROL} bytes in a control frame, got {len(payload)}")
    return _frame(opcode, payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """A finished close frame. Raises `ValueError` for a reason over 123 bytes of UTF-8."""
    return control_frame(CLOSE, code.to_bytes(2) + reason.encode())


def close_code(payload: bytes) -> int:
    """The code in a client's close frame, 1005 if there is none. Raises `Violation` if it is malformed (5.5.1)."""
    if not payload:
        return NO_CODE
    _check_utf8(payload[2:])
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or code not in CLOSE_CODES:
        raise Violation(1002, "invalid close code")
    return code


def _frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((FINAL | opcode, length)) + payload
    if length < 1 << 16:
        return bytes((FINAL | opcode, 126)) + length.to_bytes(2) + payload
    return bytes((FINAL | opcode, 127)) + length.to_bytes(8) + payload


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise Violation(1007, "invalid UTF-8") from None


class FrameReader:
    """Turns a client's bytes, cut anywhere, into whole messages and control frames.

    Holds at most one unfinished message of `max_message` bytes and one unfinished frame of it.
    """

    __slots__ = ("_fragments", "_max_message", "_rest", "_started")

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._rest = b""  # an unfinished frame
        self._started = CONTINUATION  # the opcode of an unfinished message
        self._fragments = bytearray()  # not a list: empty fragments, which no limit counts, must cost nothing

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield what `data` completes: whole messages as `TEXT` (valid UTF-8) or `BINARY`, and `PING`, `PONG`, `CLOSE`.

        Raises `Violation` after the last message before it. Run it to its end before the next `feed`; after a
        violation or a `CLOSE`, feed no more.
        """
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        while size - at >= 2:
            first, second = data[at], data[at + 1]
            if first not in LEGAL:
                raise Violation(1002, "reserved bits or opcode, or a fragmented control frame")
            if not second & MASKED:
                raise Violation(1002, "unmasked frame")
            opcode = first & 0x0F
            length = second & 0x7F
            mask_at = at + 2
            if length > MAX_CONTROL:
                if opcode >= CLOSE:
                    raise Violation(1002, "control frame too long")
                mask_at += 2 if length == 126 else 8
                if mask_at > size:
                    break
                length = int.from_bytes(data[at + 2 : mask_at])
            # Judged by its header alone: what is too long is never held.
            if opcode < CLOSE and length > self._max_message - len(self._fragments):
                raise Violation(1009, f"message over {self._max_message} bytes")
            payload_at = mask_at + 4
            end = payload_at + length
            if end > size:
                break
            payload = apply_mask(data[payload_at:end], data[mask_at:payload_at])
            at = end
            if opcode >= CLOSE:
                yield opcode, payload
            elif (message := self._message(first, opcode, payload)) is not None:
                yield message
        self._rest = data[at:]

    def _message(self, first: int, opcode: int, payload: bytes) -> tuple[int, bytes] | None:
        """The message that this data frame completes, if any (5.4)."""
        if (opcode == CONTINUATION) != (self._started != CONTINUATION):
            raise Violation(1002, "a continuation of nothing, or a message inside another")
        if first & FINAL == 0 or self._started:
            self._started = self._started or opcode
            self._fragments += payload
            if not first & FINAL:
                return None
            opcode, payload = self._started, bytes(self._fragments)
            self._started = CONTINUATION
            self._fragments.clear()
        if opcode == TEXT:
            _check_utf8(payload)
        return opcode, payload
