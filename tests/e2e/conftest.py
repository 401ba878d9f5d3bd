"""The house that the browsers visit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import async_playwright

from tests.e2e.chromium import FLAGS, chromium
from tests.e2e.kit import House
from tests.server.kit import serving


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as served, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        async with House(served, browser).all_is_well() as it:
            yield it
        await browser.close()
