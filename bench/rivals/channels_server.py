"""Django Channels with the cheaper of its Redis layers, over uvicorn's sans-I/O protocol, which is cheaper than Daphne.

channels_server.py PORT REDIS
"""

import sys
from typing import Any

import django
import uvicorn
from django.conf import settings

port, redis = sys.argv[1:]
layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [redis]}}
settings.configure(
    SECRET_KEY="bench", INSTALLED_APPS=["channels"], CHANNEL_LAYERS={"default": layer}, LOGGING_CONFIG=None
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - Django has to be set up before
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Member(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.room = f"room_{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        await self.send(text_data="joined")

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes = b"") -> None:
        await self.channel_layer.group_send(self.room, {"type": "said", "text": text_data})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


uvicorn.run(
    ProtocolTypeRouter({"websocket": URLRouter([path("ws/<room>", Member.as_asgi())])}),
    host="127.0.0.1",
    port=int(port),
    ws="websockets-sansio",
    loop="uvloop",
    http="httptools",
    lifespan="off",
    ws_per_message_deflate=False,
    log_level="warning",
    access_log=False,
)
