"""Who is measured: Openchair and its rivals, each as the load generator speaks to it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.openchair import openchair
from bench.processes import accepts, compiled, free_port, serving

RIVALS = Path(__file__).parent / "rivals"

Start = Callable[[int, str], AbstractContextManager[tuple[int, list[int]]]]
"""Takes a number of rooms and the URL of a Redis, or ''; gives a port and the ids of the server's processes."""


@dataclass(frozen=True)
class Server:
    name: str
    shown: str
    dialect: str
    start: Start
    redis: bool = False  # whether it goes through Redis


def rival(file: str) -> Start:
    """How to start the server in `file`. It makes its rooms by itself."""
    source = RIVALS / file

    @contextmanager
    def start(rooms: int, redis: str) -> Iterator[tuple[int, list[int]]]:
        port = free_port()
        arguments = [str(port), redis] if redis else [str(port)]
        with serving(source.stem, [*_command(source), *arguments], {}, lambda: accepts(port)) as processes:
            yield port, processes

    return start


def _command(source: Path) -> list[str | Path]:
    if source.suffix == ".c":
        return [compiled(source)]
    return [Path(sys.executable).with_name("node") if source.suffix == ".js" else sys.executable, source]


OPENCHAIR = Server("openchair", "Openchair", "openchair", openchair)
WEBSOCKETS = Server("websockets", "websockets.broadcast()", "plain", rival("websockets_broadcast.py"))
STARLETTE = Server("starlette", "plain Starlette loop", "plain", rival("starlette_loop.py"))
SOCKETIO = Server("socketio", "python-socketio", "socketio", rival("socketio_server.py"))
C_LIMIT = Server("c_limit", "C, one send() each", "plain", rival("c_limit.c"))

OPENCHAIR_REDIS = Server("openchair", "Openchair", "openchair", partial(openchair, workers=1), redis=True)
ONE_WORKER = Server("one_worker", "Openchair, 1 worker", "openchair", partial(openchair, workers=1), redis=True)
FOUR_WORKERS = Server("openchair", "Openchair, 4 workers", "openchair", partial(openchair, workers=4), redis=True)
NODE_REDIS = Server("node", "Socket.IO on Node", "socketio", rival("socketio_node.js"), redis=True)
SOCKETIO_REDIS = Server("socketio", "python-socketio", "socketio", rival("socketio_server.py"), redis=True)
CHANNELS_REDIS = Server("channels", "Django Channels", "plain_text", rival("channels_server.py"), redis=True)
