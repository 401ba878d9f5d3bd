"""A site for each test that asks for one: once on SQLite, and once on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.schedule.database import engine_for
from tests.postgres import Postgres
from tests.server.site import Site, a_site

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # what only a file can be asked


@pytest.fixture(scope="session")
def postgres_database(postgres: Postgres) -> str:
    return postgres.make("schedule")


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'openchair.sqlite'}"
        return
    url: str = request.getfixturevalue("postgres_database")
    yield url
    engine = engine_for(url)
    await _empty(engine)
    await engine.dispose()


async def _empty(engine: AsyncEngine) -> None:
    """The tables stay, which takes a tenth of the time that making them takes."""
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE meetings, endings"))


@pytest_asyncio.fixture
async def site(tmp_path: Path, database: str) -> AsyncIterator[Site]:
    async with a_site(tmp_path, database=database) as it:
        yield it
