"""uvicorn's server, which says when it serves, and says good-bye to its clients a few at a time."""

import asyncio
import socket
from typing import Final

import structlog
import uvicorn

from server.transport import Connection

BATCH: Final = 20
BATCH_SECONDS: Final = 0.05

log = structlog.get_logger("openchair")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `OSError`."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address, family=family, backlog=2048)


class Server(uvicorn.Server):
    """Stops as on SIGTERM: no new connections; 1012 to all, within `drain_seconds`; then the application ends."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            log.info("serving", host=self.config.host, port=self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        await self._drain()
        await super().shutdown(sockets)
        log.info("stopped")

    async def _drain(self) -> None:
        """A batch of clients at a time, so that they do not all come back in the same moment."""
        connections = [it for it in self.server_state.connections if isinstance(it, Connection)]
        batch = max(BATCH, round(len(connections) * BATCH_SECONDS / self._drain_seconds))
        while connections and not self.force_exit:
            for connection in connections[:batch]:
                connection.shutdown()
            del connections[:batch]
            if connections:
                await asyncio.sleep(BATCH_SECONDS)
