"""The API as its own description has it, asked by a program that tries everything which that allows."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.settings import Settings
from server.app import App
from server.schedule.openapi import description
from server.serving import listen
from tests.server.site import WEEKLY, key_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
Asked = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The address of a server in a thread of its own, and a meeting that is there."""
    data: Path = tmp_path_factory.mktemp("data")
    listening = listen("127.0.0.1", 0)
    server = App(Settings(data=str(data), who_may_create="anyone")).server()
    thread = Thread(target=server.run, args=([listening],))
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    made = httpx.post(f"{address}/api/meetings", json=WEEKLY, timeout=60)
    try:
        yield address, made.json()
    finally:
        server.should_exit = True
        thread.join()


schema = schemathesis.openapi.from_dict(description())


@schema.parametrize()
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered_as_described(case: Case[Any], asked: Asked) -> None:
    address, made = asked
    if case.method in {"GET", "PATCH"} and "{slug}" in case.path:
        case.path_parameters = {"slug": made["slug"]}
        case.headers["Authorization"] = f"Bearer {key_of(made['manage_url'])}"
    case.validate_response(case.call(base_url=address), checks=CHECKS)


def test_it_is_served_as_it_is(asked: Asked) -> None:
    address, _ = asked
    assert httpx.get(f"{address}/api/openapi.json").json() == msgspec.json.decode(msgspec.json.encode(description()))


def test_each_field_that_can_be_posted_is_described() -> None:
    posted = description()["components"]["schemas"]["Posted"]["properties"]
    assert {"name", "timezone", "changes", "always", "paused", "format", "renew"} <= posted.keys()
