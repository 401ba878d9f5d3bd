"""Logs and metrics: what happened, and nothing about anybody (docs/design, invariant 7)."""

import json
import subprocess
import sys

import pytest

from server.logs import only_known_fields
from tests.server.kit import Served
from tests.server.metrics import numbers

SPEAK = """
import logging, structlog
from server.logs import set_up
set_up("json")
structlog.get_logger("openchair").info("serving", port=1, name="Alice", address="192.0.2.1")
logging.getLogger("uvicorn.error").warning("Alice %s", "192.0.2.1")
logging.getLogger("uvicorn.error").info("all is well")
logging.getLogger("uvicorn.access").info('%s - "%s"', "192.0.2.1", "GET /r/circle")
logging.getLogger("uvicorn.access").error("GET /r/circle")
try:
    raise ValueError("Alice")
except ValueError:
    logging.getLogger("uvicorn.error").exception("It failed.")
"""


def test_fields_that_are_not_known_to_be_harmless_are_left_out() -> None:
    event = {"event": "fault", "file": "a.py", "who": "Alice", "text": "Hello", "room": "circle.1", "key": "k"}
    assert only_known_fields(None, "error", event) == {"event": "fault", "file": "a.py"}


def test_what_is_written_names_nobody() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)
    first, *others = done.stderr.splitlines()
    assert json.loads(first).items() >= {"event": "serving", "port": 1, "level": "info"}.items()
    assert len(others) == 2
    assert "It failed. [ValueError" in others[1]
    for word in ("192.0.2.1", "all is well", "circle", "name"):
        assert word not in done.stdout + done.stderr
    assert "Alice" not in first + others[1]


async def test_a_meeting_leaves_nobody_in_the_metrics(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    keys = (await served.a_meeting(passcode="sesame")).keys
    fay = await served.comes("Fay", key=keys.host)
    alice = await served.comes("Alice", passcode="sesame", device="a phone")
    stranger = await served.connected()
    await stranger.hello(name="Mallory", passcode="guess")
    assert await stranger.closing_code() == 4001
    await alice.does("say", text="unrepeatable")
    await alice.is_refused("call")
    await alice.leave_the_line()
    await fay.until("away")
    await served.resumes(alice)
    text = (await served.get("/metrics")).text
    printed = capsys.readouterr()
    everything = text + printed.out + printed.err
    for word in ("Fay", "Alice", "Mallory", "circle", "unrepeatable", "sesame", "phone", fay.id, alice.id, keys.host):
        assert word not in everything, word
    counted = numbers(text)
    assert counted["openchair_rooms"] == 1
    assert counted["openchair_joins_total"] == 2
    assert counted["openchair_commands_total"] == 1
    assert counted["openchair_resumes_total", "resumed"] == 1
    assert counted["openchair_refusals_total", "bad_passcode"] == 1
    assert counted["openchair_closes_total", "4001"] == 1


async def test_a_server_says_that_it_lives_and_is_ready(served: Served) -> None:
    assert (await served.get("/healthz")).json() == {"status": "alive"}
    assert (await served.get("/readyz")).json() == {"status": "ready"}


async def test_a_server_whose_loop_is_late_is_not_ready(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.app, "_lag", 3.0)
    answer = await served.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
