"""A plain Starlette endpoint that sends to one member after the other, over uvicorn's sans-I/O protocol.

starlette_loop.py PORT
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

rooms: dict[str, set[WebSocket]] = {}


async def member(websocket: WebSocket) -> None:
    await websocket.accept()
    room = rooms.setdefault(websocket.path_params["room"], set())
    room.add(websocket)
    await websocket.send_bytes(b"joined")
    try:
        while True:
            message = await websocket.receive_bytes()
            for other in tuple(room):
                await other.send_bytes(message)
    except WebSocketDisconnect:
        pass
    finally:
        room.discard(websocket)


uvicorn.run(
    Starlette(routes=[WebSocketRoute("/ws/{room}", member)]),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    ws="websockets-sansio",
    loop="uvloop",
    http="httptools",
    ws_per_message_deflate=False,
    log_level="warning",
    access_log=False,
)
