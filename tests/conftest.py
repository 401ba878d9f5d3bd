"""Settings for all tests: asynchronous ones run on the loop that the product runs on.

Properties are tried with the same examples each time; many more are tried, at random, by
`pytest --hypothesis-profile deep --timeout 0`.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator

import pytest
import uvloop
from hypothesis import settings

from tests.postgres import Postgres, a_postgres
from tests.valkey import Cluster, Valkey, a_cluster, a_valkey

settings.register_profile("usual", max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
settings.register_profile("deep", max_examples=4000, stateful_step_count=60, deadline=None)
settings.load_profile("usual")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with a_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers
