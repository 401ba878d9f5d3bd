"""What was noted while it happened: all that went over each person's line, as it went, and each fault.

A folder holds `people.notes`, `faults.notes` and one `{room}.notes` for each room: MessagePack records one after the
other. Times are nanoseconds of the machine's monotonic clock, the same one for all processes.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

PEOPLE: Final = "people.notes"
FAULTS: Final = "faults.notes"

# Kinds of records of a room: (time, person, kind, data)
UP, DOWN, SENT, CAME, LAST = range(5)
"""A line that opened; one that ended (its code); what was sent; what came (both as on the wire); the last hello."""

Record = tuple[int, int, int, Any]


class Notes:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=1 << 16)
        self._pack = msgpack.Packer(autoreset=True).pack

    def write(self, *record: Any) -> None:
        self._file.write(self._pack(record))

    def note(self, person: int, kind: int, data: Any = None) -> None:
        self.write(time.monotonic_ns(), person, kind, data)

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Any]:
    """The records of a file, in the order in which they were written."""
    with path.open("rb") as file:
        yield from msgpack.Unpacker(file, use_list=False, max_buffer_size=1 << 28, strict_map_key=False)


def rooms(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.notes") if path.name not in {PEOPLE, FAULTS})
