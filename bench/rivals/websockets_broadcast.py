"""The websockets library with its `broadcast()`, on uvloop: websockets_broadcast.py PORT."""

import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

rooms: dict[str, set[ServerConnection]] = {}


async def member(connection: ServerConnection) -> None:
    assert connection.request is not None
    room = rooms.setdefault(connection.request.path, set())
    room.add(connection)
    await connection.send(b"joined")
    try:
        async for message in connection:
            broadcast(room, message)
    finally:
        room.discard(connection)


async def main(port: int) -> None:
    async with serve(member, "127.0.0.1", port, backlog=2048, compression=None) as server:
        await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
