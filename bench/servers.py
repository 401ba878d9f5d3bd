"""Who is measured: Openchair and its rivals, each as the load generator speaks to it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.openchair import openchair
from bench.processes import accepts, compiled, free_port, serving

RIVALS = Path(__file__).parent / "rivals"


@dataclass(frozen=True)
class Server:
    """`start` takes a number of rooms and gives a port and the ids of the server's processes."""

    name: str
    shown: str
    dialect: str
    start: Callable[[int], AbstractContextManager[tuple[int, list[int]]]]


def rival(file: str) -> Callable[[int], AbstractContextManager[tuple[int, list[int]]]]:
    """How to start the server in `file`. It makes its rooms by itself."""
    source = RIVALS / file

    @contextmanager
    def start(rooms: int) -> Iterator[tuple[int, list[int]]]:
        port = free_port()
        command = [compiled(source)] if source.suffix == ".c" else [sys.executable, source]
        with serving(source.stem, [*command, str(port)], {}, lambda: accepts(port)) as processes:
            yield port, processes

    return start


OPENCHAIR = Server("openchair", "Openchair", "openchair", openchair)
WEBSOCKETS = Server("websockets", "websockets.broadcast()", "plain", rival("websockets_broadcast.py"))
STARLETTE = Server("starlette", "plain Starlette loop", "plain", rival("starlette_loop.py"))
SOCKETIO = Server("socketio", "python-socketio", "socketio", rival("socketio_server.py"))
C_LIMIT = Server("c_limit", "C, one send() each", "plain", rival("c_limit.c"))
