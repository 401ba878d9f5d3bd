"""Fetching a feed from elsewhere: bounded in size, time and redirects, and never from a private network."""

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from server.schedule.documents import MOST_BYTES

SECONDS: Final = 10.0  # for all of it
MOST_REDIRECTS: Final = 5
CHUNK: Final = 64 * 1024
NAT64: Final = IPv6Network("64:ff9b::/96")
NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")  # Python before 3.13 holds it for public

Address = IPv4Address | IPv6Address


class CannotFetch(Exception):  # noqa: N818
    """The feed cannot be fetched; the message is a sentence for the operator."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet at large, also where an IPv6 address only wraps an IPv4 one."""
    if isinstance(address, IPv6Address):
        if address in NAT64_LOCAL:
            return False
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            wrapped = IPv4Address(address.packed[-4:])
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast


def fetch(url: str, *, may_ask: Callable[[Address], bool] = is_public, seconds: float = SECONDS) -> bytes:
    """The body behind an http(s) URL, asking only addresses that `may_ask` allows. Raises `CannotFetch`."""
    until = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        try:
            connection, target = _connection(url, may_ask, until), _target(url)
            try:
                connection.request(
                    "GET", target, headers={"Accept": "application/json, text/csv", "User-Agent": "Openchair"}
                )
                response = connection.getresponse()
                if response.status in {301, 302, 303, 307, 308} and (location := response.getheader("Location")):
                    url = urljoin(url, location)
                    continue
                if response.status != 200:
                    raise CannotFetch(f"The site answered with status {response.status}.")
                body = bytearray()
                while chunk := response.read1(CHUNK):
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise CannotFetch(f"The feed is larger than {MOST_BYTES // 2**20} MB.")
                    _left(until)
                return bytes(body)
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise CannotFetch(f"The site cannot be reached ({type(error).__name__}).") from None
        except ValueError:  # no port, no host name
            raise CannotFetch("This is no address of a feed.") from None
    raise CannotFetch("The site redirects too often.")


def _left(until: float) -> float:
    if (left := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left


def _target(url: str) -> str:
    parts = urlsplit(url)
    path, query = quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/", quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return f"{path}?{query}" if query else path


def _connection(url: str, may_ask: Callable[[Address], bool], until: float) -> HTTPConnection:
    """A connection to the very address that was looked at, so that a second look-up cannot lead elsewhere."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CannotFetch("Expected an http or https address.")
    is_tls = parts.scheme == "https"
    host, port = parts.hostname.encode("idna").decode(), parts.port or (443 if is_tls else 80)
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        raise CannotFetch("There is no such site.") from None
    if not found or not all(may_ask(ip_address(address)) for address in found):
        raise CannotFetch("Feeds are not fetched from private networks.")
    connection = (HTTPSConnection if is_tls else HTTPConnection)(host, port, timeout=_left(until))
    # `http.client` looks the host up by itself; this is the one way to have it use what was found above, and still
    # check the certificate against the host's name.
    connection._create_connection = lambda _, *rest: socket.create_connection((found[0], port), *rest)  # type: ignore[attr-defined]
    return connection
