"""A site, or a whole server, for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.server.conftest import served
from tests.server.site import Site, a_site

__all__ = ["served", "site"]


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with a_site(tmp_path) as it:
        yield it
