"""The server is restarted in the middle of a meeting, and the room does not notice."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.kit import TIMEOUT, Person
from tests.server.test_supervisor import Site, site
from tests.valkey import Valkey

PATIENCE = 6 * TIMEOUT  # ms: processes start


@pytest_asyncio.fixture(loop_scope="session")
async def restarted(tmp_path: Path, valkey: Valkey) -> AsyncIterator[Site]:
    valkey.forget_everything()
    async with site(tmp_path, valkey) as served:
        yield served


class Guest(Person):
    """Somebody in a meeting without phases of its own."""

    def __init__(self, page: Page, link: str) -> None:
        super().__init__(page, link, "light")


async def test_workers_that_are_killed_and_renewed_cost_nobody_anything(restarted: Site, browser: Browser) -> None:
    link = await restarted.a_meeting()
    contexts = [await browser.new_context(viewport={"width": 360, "height": 740}) for _ in range(2)]
    ana, bob = [Guest(await context.new_page(), link) for context in contexts]
    for person, name in ((ana, "Ana"), (bob, "Bob")):
        person.page.set_default_timeout(PATIENCE)
        await person.comes(name)
    await ana.says("Before")
    await bob.looks_at("Chat")
    await bob.sees("Before")

    for worker in restarted.workers:  # none says goodbye to its clients
        os.kill(worker, signal.SIGKILL)
    await ana.fill("Message", "While nobody is there")
    await ana.press("Send")
    await expect(bob.page.get_by_text("While nobody is there", exact=True)).to_be_visible(timeout=PATIENCE)
    await expect(ana.page.get_by_label("Message", exact=True)).to_have_value("", timeout=PATIENCE)

    restarted.process.send_signal(signal.SIGHUP)  # one worker after the other
    await bob.fill("Message", "While they are renewed")
    await bob.press("Send")
    await expect(ana.page.get_by_text("While they are renewed", exact=True)).to_be_visible(timeout=PATIENCE)
    for person in (ana, bob):
        for text in ("Before", "While nobody is there", "While they are renewed"):
            await expect(person.page.get_by_text(text, exact=True)).to_have_count(1)
        await person.looks_at("People")
        await expect(person.page.get_by_role("region", name="Who is here").get_by_role("listitem")).to_have_count(2)
    for context in contexts:
        await context.close()
