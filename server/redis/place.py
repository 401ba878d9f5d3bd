"""Where the Redis is: one server, one that Sentinels name, or a cluster. All of it stands in one URL."""

from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.redis.pipe import PATIENCE

EXPECTED: Final = (
    "expected a URL like redis://127.0.0.1:6379, redis+sentinel://one:26379,two:26379/NAME or "
    "redis+cluster://one:6379,two:6379."
)

Kind = Literal["server", "sentinel", "cluster"]

_KINDS: Final[dict[str, Kind]] = {"": "server", "sentinel": "sentinel", "cluster": "cluster"}
_PORTS: Final[dict[Kind, int]] = {"server": 6379, "sentinel": 26379, "cluster": 6379}


class Address(Struct, frozen=True):
    """Where a server listens; without a port the host is the path of a Unix socket."""

    host: str
    port: int

    def __str__(self) -> str:
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Place(Struct, frozen=True):
    """What a URL says. `hosts` are the server, the Sentinels, or some servers of the cluster."""

    kind: Kind
    hosts: tuple[Address, ...]
    name: str  # of the master, as its Sentinels know it
    options: dict[str, Any]  # of redis-py's connections
    sentinel_options: dict[str, Any]

    def connection(self, address: Address, *, to_sentinel: bool = False) -> AbstractConnection:
        """A connection to a server there that is still to be made. It will repeat nothing by itself."""
        options = dict(self.sentinel_options if to_sentinel else self.options)
        make: type[AbstractConnection] = options.pop("connection_class", Connection)
        if address.port:
            options |= {"host": address.host, "port": address.port}
        return make(**options, retry=Retry(NoBackoff(), 0), socket_connect_timeout=PATIENCE, protocol=2)


def place(url: str) -> Place:
    """Understand a URL: redis-py's, with `+sentinel` or `+cluster` behind the scheme and several hosts.

    Raises `ValueError` with a sentence, which does not repeat the URL, for there may be a password in it.
    """
    try:
        parts = urlsplit(url)
        scheme, _, kind_ = parts.scheme.partition("+")
        kind = _KINDS[kind_]
        credentials, at, hosts_ = parts.netloc.rpartition("@")
        name, _, database = (
            parts.path.strip("/").partition("/") if kind == "sentinel" else ("", "", parts.path.strip("/"))
        )
        path = parts.path if scheme == "unix" else f"/{int(database or 0)}"
        options: dict[str, Any] = dict(parse_url(f"{scheme}://{credentials}{at}host{path}?{parts.query}"))
        prefix = "sentinel_"
        of_sentinels = {key: options.pop(key) for key in tuple(options) if key.startswith(prefix)}
        of_sentinels = {key.removeprefix(prefix): value for key, value in of_sentinels.items()}
        tls = {key: value for key, value in options.items() if key.startswith(("ssl_", "connection_class"))}
        hosts = (Address(parts.path, 0),) if scheme == "unix" else tuple(_address(it, kind) for it in hosts_.split(","))
        options.pop("host", None)
        found = Place(kind, hosts, name, options, tls | of_sentinels)
        if (
            (kind == "server" and len(hosts) > 1)
            or (kind == "sentinel") != bool(name)
            or (kind == "cluster" and options.get("db"))
        ):
            raise ValueError
        found.connection(hosts[0])  # so that an option that is none is told now
        found.connection(hosts[0], to_sentinel=True)
    except (KeyError, TypeError, ValueError):
        raise ValueError(EXPECTED) from None
    return found


def _address(text: str, kind: Kind) -> Address:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return Address(parts.hostname, parts.port or _PORTS[kind])
