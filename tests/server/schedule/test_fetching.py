"""Fetching a feed from elsewhere: bounded, and never from a private network."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from server.schedule.documents import MOST_BYTES
from server.schedule.fetching import CannotFetch, fetch, is_public

FEED = b'[{"slug": "a"}]'


class Elsewhere(BaseHTTPRequestHandler):
    """A site with a feed, and with all that may come instead."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        match path:
            case "/feed.json" | "/a%20b.json":
                self._answer(200, FEED)
            case "/moved":
                self._answer(302, b"", Location="/feed.json")
            case "/round":
                self._answer(302, b"", Location="/round")
            case "/inside":
                self._answer(302, b"", Location="http://10.0.0.1/feed.json")
            case "/file":
                self._answer(302, b"", Location="file:///etc/passwd")
            case "/huge":
                self._answer(200, b"x" * (MOST_BYTES + 1))
            case "/slow":
                self.send_response(200)
                self.end_headers()
                for _ in range(100):
                    self.wfile.write(b" ")
                    time.sleep(0.05)
            case "/rude":
                self.wfile.write(b"what?\r\n\r\n")
            case _:
                self._answer(404, b"nothing")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up is what is tried here


@contextmanager
def a_site() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with a_site() as base:
        yield base


def anywhere(_: object) -> bool:
    return True


def only_here(address: Any) -> bool:
    return bool(address.is_loopback)


@pytest.mark.parametrize("path", ["/feed.json", "/feed.json?action=meetings&key=ü", "/a b.json", "/moved"])
def test_a_feed(site: str, path: str) -> None:
    assert fetch(site + path, may_ask=anywhere) == FEED


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nothing", "The site answered with status 404."),
        ("/round", "The site redirects too often."),
        ("/inside", "Feeds are not fetched from private networks."),
        ("/file", "Expected an http or https address."),
        ("/huge", "The feed is larger than 20 MB."),
        ("/rude", "The site cannot be reached (BadStatusLine)."),
    ],
)
def test_what_comes_instead_is_told(site: str, path: str, sentence: str) -> None:
    with pytest.raises(CannotFetch) as error:
        fetch(site + path, may_ask=only_here)
    assert str(error.value) == sentence


def test_a_site_that_dribbles_is_not_waited_for(site: str) -> None:
    began = time.monotonic()
    with pytest.raises(CannotFetch, match="cannot be reached"):
        fetch(f"{site}/slow", may_ask=anywhere, seconds=0.2)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/a", "file:///etc/passwd", "http://", "http://[::1", "http://a:b/", "https://exa mple", "x"],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(CannotFetch):
        fetch(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "0.0.0.0", "2130706433"]
)
def test_this_machine_and_its_network_are_not_asked(host: str) -> None:
    with pytest.raises(CannotFetch, match=r"private networks|no such site"):
        fetch(f"http://{host}/feed.json")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("127.0.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),  # 6to4 around 127.0.0.1
        ("64:ff9b::7f00:1", False),  # NAT64 around 127.0.0.1
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b:1::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
