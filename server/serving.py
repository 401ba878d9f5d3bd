"""uvicorn's server, which says when it serves, and says good-bye to its clients a few at a time."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any, Final

import structlog
import uvicorn

from server.transport import Connection

BACKLOG: Final = 2048
LEAST_PACE: Final = 20.0  # clients a second that are sent away, or all would wait for the last of a few
STEP_SECONDS: Final = 0.05
SIGN_SECONDS: Final = 1.0  # between two signs of life

log = structlog.get_logger("openchair")


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; port 0 takes a free one. What is `shared` may be one of many on its port, and takes no
    connection before it is served. Raises `OSError`.
    """
    family, address = _address(host, port)
    if not shared:
        return socket.create_server(address, family=family, backlog=BACKLOG)
    return _bound(family, address, socket.SO_REUSEADDR, socket.SO_REUSEPORT)


def claim(host: str, port: int) -> socket.socket:
    """A socket that takes no connection; while it is open, its port is for its owner's shared ones. Raises `OSError`.

    The kernel lets all sockets of one user share a port that ask for it: two installations would have half of the
    people each. So this one asks for it only when it has the port.
    """
    claimed = _bound(*_address(host, port), socket.SO_REUSEADDR)
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # else another could do the same before we listen
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return claimed


def _address(host: str, port: int) -> tuple[int, Any]:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, address


def _bound(family: int, address: Any, *options: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    for option in options:
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class Server(uvicorn.Server):
    """Stops as on SIGTERM: no new connections; 1012 to all, within `drain_seconds`; then the application ends."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float, lives: Callable[[], object]) -> None:
        super().__init__(config)
        self.orders: int | None = None
        """The file by which orders come: a line is to take nobody new, its end is to stop."""
        self._drain_seconds = drain_seconds
        self._lives = lives
        self._listening: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening = sockets or []
        if self.started:
            log.info("serving", host=self.config.host, port=self.servers[0].sockets[0].getsockname()[1])
            self._live()
            if self.orders is not None:
                asyncio.get_running_loop().add_reader(self.orders, self._take_order, self.orders)

    def _live(self) -> None:
        """Say so, as long as the loop goes around."""
        self._lives()
        asyncio.get_running_loop().call_later(SIGN_SECONDS, self._live)

    def _take_order(self, orders: int) -> None:
        if os.read(orders, 64):
            self._take_nobody_new()
        else:
            asyncio.get_running_loop().remove_reader(orders)
            self.should_exit = True

    def _take_nobody_new(self) -> None:
        for server in self.servers:
            server.close()
        for listening in self._listening:
            listening.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._take_nobody_new()
        await self._drain()
        await super().shutdown(sockets)
        log.info("stopped")

    async def _drain(self) -> None:
        """Send the clients away one after the other, so that they do not all come back in the same moment."""
        connections = [it for it in self.server_state.connections if isinstance(it, Connection)]
        pace = max(len(connections) / self._drain_seconds, LEAST_PACE)
        batch = max(1, round(pace * STEP_SECONDS))
        while connections and not self.force_exit:
            for connection in connections[:batch]:
                connection.shutdown()
            del connections[:batch]
            if connections:
                await asyncio.sleep(batch / pace)
