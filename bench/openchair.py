"""Openchair as the load generator meets it: the real server, with as many open rooms as a work needs."""

import http.client
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import BenchError, free_port, serving

# A person needs a tenth of this; the limits themselves stay on.
SETTINGS = {
    "OPENCHAIR_COMMANDS_PER_SECOND": "100000",
    "OPENCHAIR_COMMAND_BURST": "100000",
    "OPENCHAIR_JOINS_PER_SECOND": "100000",
}

FORMAT = {"title": "Open chat", "capacity": 5000, "phase": [{"kind": "open", "title": "Open", "minutes": 600}]}


@contextmanager
def openchair(rooms: int, redis: str = "", workers: int = 1) -> Iterator[tuple[int, list[int]]]:
    """`openchair serve` on a data folder of its own, with the meetings `bench-0`, `bench-1`… on now.

    Gives its port and the ids of its processes.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        program = str(Path(sys.executable).with_name("openchair"))
        command = [program, "serve", "--port", str(port), "--data", data]
        if redis:
            command += ["--redis", redis, "--workers", str(workers)]
        with serving("openchair", command, SETTINGS, lambda: _all_serve(port, workers)) as processes:
            _make_meetings(port, rooms)
            yield port, processes


def _all_serve(port: int, workers: int) -> bool:
    """Whether each worker listens. What comes before is shared by those that do already."""
    listening = f":{port:04X} 00000000:0000 0A "
    if Path("/proc/net/tcp").read_text().count(listening) < workers:
        return False
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def _make_meetings(port: int, count: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(count):
        meeting = {
            "name": f"Bench {number}",
            "slug": f"bench-{number}",
            "timezone": "UTC",
            "minutes": 600,
            "now": True,
            "format": FORMAT,
        }
        connection.request("POST", "/api/meetings", json.dumps(meeting), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 201:
            raise BenchError(f"Openchair made no meeting ({answer.status}): {text[:300]}")
        if json.loads(text)["slug"] != meeting["slug"]:
            raise BenchError(f"Openchair gave the meeting another slug: {text[:300]}")
