"""Redis, or Valkey: this worker's line to it, whether it is one server, one that Sentinels name, or a cluster."""

from server.redis.fitness import unfit
from server.redis.line import RedisLine, Script
from server.redis.pipe import PATIENCE, SERVER

__all__ = ["PATIENCE", "SERVER", "RedisLine", "Script", "unfit"]
