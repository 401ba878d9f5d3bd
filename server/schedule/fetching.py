"""Fetching a feed from elsewhere: bounded in size, time and redirects, and never from a private network."""

import ipaddress
import socket
from http.client import HTTPConnection, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

MOST_BYTES: Final = 20 * 2**20
SECONDS: Final = 10
MOST_REDIRECTS: Final = 5


class CannotFetch(Exception):  # noqa: N818
    """The feed cannot be fetched; the message is a sentence for the operator."""


def fetch(url: str) -> bytes:
    """The body behind a public http(s) URL. Raises `CannotFetch`."""
    for _ in range(MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CannotFetch("Expected an http or https address.")
        connection = _connection(parts)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Host": parts.netloc, "Accept": "application/json"})
            response = connection.getresponse()
            if response.status in {301, 302, 303, 307, 308} and (location := response.getheader("Location")):
                url = urljoin(url, location)
                continue
            if response.status != 200:
                raise CannotFetch(f"The site answered with status {response.status}.")
            body = response.read(MOST_BYTES + 1)
        except OSError as error:
            raise CannotFetch(f"The site cannot be reached ({type(error).__name__}).") from None
        finally:
            connection.close()
        if len(body) > MOST_BYTES:
            raise CannotFetch(f"The feed is larger than {MOST_BYTES // 2**20} MB.")
        return body
    raise CannotFetch("The site redirects too often.")


def _connection(parts: SplitResult) -> HTTPConnection:
    """A connection to the very address that was looked at, so that a second look-up cannot lead elsewhere."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        raise CannotFetch("There is no such site.") from None
    if not addresses or not all(ipaddress.ip_address(address).is_global for address in addresses):
        raise CannotFetch("Feeds are not fetched from private networks.")
    cls = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = cls(host, port, timeout=SECONDS)
    address = str(min(addresses))
    connection._create_connection = lambda _, *rest: socket.create_connection((address, port), *rest)  # type: ignore[attr-defined]
    return connection
