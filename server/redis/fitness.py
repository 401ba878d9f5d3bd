"""Whether a Redis can keep rooms, and if not, why, as a sentence."""

import asyncio
from collections.abc import Sequence
from typing import Final

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from server.log import Unavailable
from server.redis.cluster import slots_at
from server.redis.pipe import PATIENCE
from server.redis.place import Address, Place, place
from server.redis.servers import Unknown, asked, named_by_sentinels

LEAST_VERSION: Final = 7


class Unfit(Exception):  # noqa: N818
    """Why not."""


async def unfit(url: str) -> str | None:
    """Why the Redis at that URL cannot keep rooms, as a sentence; None if it can."""
    try:
        where = place(url)
        for address in await _masters(where):
            await _look_at(address, where)
    except (ValueError, Unfit) as error:
        return str(error)
    return None


async def _masters(where: Place) -> Sequence[Address]:
    """All servers that keep something of their own."""
    if where.kind == "server":
        return where.hosts
    if where.kind == "sentinel":
        try:
            async with asyncio.timeout(2 * PATIENCE):
                return [await named_by_sentinels(where)]
        except Unknown:
            raise Unfit(f"its Sentinels know no master of the name {where.name}.") from None
        except (Unavailable, TimeoutError):
            raise Unfit("none of its Sentinels answers.") from None
    why = Unfit("none of its servers answers.")
    for host in where.hosts:
        try:
            async with asyncio.timeout(PATIENCE):
                return list(dict.fromkeys(address for *_, address in await slots_at(host, where)))
        except Unavailable:
            why = Unfit("the cluster is down, as its servers themselves say.")
        except (RedisError, OSError, TimeoutError) as error:
            why = _why(error, host)
    raise why


async def _look_at(address: Address, where: Place) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            [reply] = await asked(where.connection(address), [("INFO",)])
        if isinstance(reply, Exception):
            raise reply
    except (RedisError, OSError, TimeoutError, Unavailable) as error:
        raise _why(error, address) from None
    lines = (line.partition(":") for line in reply.decode().splitlines())
    info = {name: value for name, _, value in lines}
    version = info.get("valkey_version") or info.get("redis_version", "0")
    if int(version.split(".", maxsplit=1)[0]) < LEAST_VERSION:
        raise Unfit(f"it is of version {version}; expected {LEAST_VERSION} or newer.")
    if info.get("cluster_enabled") == "1" and where.kind != "cluster":
        raise Unfit("it is a server of a cluster: give it as redis+cluster://.")
    if info.get("role") != "master":
        raise Unfit("it is a replica, which takes nothing: give its master.")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":  # even without a limit, which somebody may set while it runs
        raise Unfit(
            f"it may throw rooms away when its memory is full (maxmemory-policy {policy}); expected noeviction."
        )


def _why(error: Exception, address: Address) -> Unfit:
    text = str(error)
    if isinstance(error, AuthenticationError):
        if "required" in text:
            return Unfit("it asks for a password, which belongs into the URL: redis://:PASSWORD@127.0.0.1:6379.")
        return Unfit("it does not accept the password, or the user.")
    if text == "NOPERM":
        return Unfit("its user may not do all that is needed: expected all commands, keys and channels openchair:*.")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return Unfit(f"the certificate of {address} is not valid.")
    if "cluster support disabled" in text:
        return Unfit("it is no cluster: give it as redis://.")
    if isinstance(error, ResponseError):
        return Unfit(f"it answers with an error ({text.partition(' ')[0]}).")
    return Unfit(f"nothing answers at {address}.")
