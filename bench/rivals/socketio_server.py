"""python-socketio with a room of its own, over uvicorn's sans-I/O protocol; with its Redis manager if there is a Redis.

socketio_server.py PORT [REDIS]
"""

import sys

import socketio
import uvicorn

manager = socketio.AsyncRedisManager(sys.argv[2]) if len(sys.argv) > 2 else None
server = socketio.AsyncServer(
    async_mode="asgi", transports=["websocket"], cors_allowed_origins="*", client_manager=manager
)
room_of: dict[str, str] = {}


@server.event
async def join(sid: str, room: str) -> None:
    room_of[sid] = room
    await server.enter_room(sid, room)
    await server.emit("joined", to=sid)


@server.event
async def say(sid: str, text: str) -> None:
    await server.emit("said", text, room=room_of[sid])


@server.event
async def disconnect(sid: str, reason: str) -> None:
    room_of.pop(sid, None)


uvicorn.run(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    ws="websockets-sansio",
    loop="uvloop",
    http="httptools",
    ws_per_message_deflate=False,
    log_level="warning",
    access_log=False,
)
