"""One browser for all, and the house that its people visit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.chromium import FLAGS, chromium
from tests.e2e.kit import House
from tests.server.kit import serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser lives in one event loop; who uses it must run there."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def house(browser: Browser, tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as served, House(served, browser).all_is_well() as house:
        yield house
