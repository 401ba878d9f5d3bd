"""A volunteer's path in a real browser: from the front page to a printed sheet of links; then the meeting starts."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.e2e.chromium import AXE
from tests.server.kit import Served, serving
from tests.server.schedule.feed import a_feed

MINUTE = 60_000
SIZES = {"phone": (320, 640), "desktop": (1280, 900)}
MOST_ACTS = 8  # presses and typed fields; at a quarter of a minute each, two minutes


class Volunteer:
    """Somebody who sets up a meeting, and how often they had to press and to type."""

    def __init__(self, served: Served, page: Page) -> None:
        self.served, self.page, self.acts = served, page, 0
        self.base = f"http://127.0.0.1:{served.port}"

    async def presses(self, role: str, name: str) -> None:
        self.acts += 1
        await self.page.get_by_role(role, name=name, exact=True).last.click()  # type: ignore[arg-type]

    async def types(self, label: str, text: str) -> None:
        self.acts += 1
        await self.page.get_by_label(label, exact=True).fill(text)

    async def sets_up(self, name: str, start: datetime) -> dict[str, str]:
        """From the front page to the links, by whom they are for; `start` is on the volunteer's clock."""
        await self.page.goto(self.base)
        await self.presses("link", "Set up a meeting")
        await self.types("Name of the meeting", name)
        await self.presses("checkbox", f"{start:%A}")
        await self.types("Begins at", f"{start:%H:%M}")
        if not await self.page.get_by_label("Time zone", exact=True).input_value():
            self.acts += 1
            await self.page.get_by_label("Time zone", exact=True).select_option("UTC")
        await self.presses("button", "Set up the meeting")
        links = self.page.locator(".link")
        await expect(links).to_have_count(5)
        names = ("join", "host", "timekeeper", "greeter", "manage")
        urls = [await links.nth(place).get_by_role("link").get_attribute("href") or "" for place in range(5)]
        return dict(zip(names, urls, strict=True))


@pytest_asyncio.fixture(params=[True, False], ids=["with scripts", "without scripts"], loop_scope="session")
async def volunteer(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> AsyncIterator[Volunteer]:
    async with serving(tmp_path) as served:
        context = await browser.new_context(
            java_script_enabled=request.param, timezone_id="UTC", locale="en-GB", viewport={"width": 320, "height": 640}
        )
        yield Volunteer(served, await context.new_page())
        await context.close()


async def test_from_the_front_page_to_a_printed_sheet_and_the_meeting_starts_on_time(
    volunteer: Volunteer, browser: Browser
) -> None:
    served = volunteer.served
    start = datetime.fromtimestamp((served.clock() + 20 * MINUTE) / 1000, UTC).replace(second=0)
    links = await volunteer.sets_up("River circle", start)
    assert volunteer.acts <= MOST_ACTS
    sheet = await volunteer.page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1, "all links are on one sheet of paper"

    served.clock.ahead += 10 * MINUTE  # the doors are open
    context = await browser.new_context(locale="en-GB")
    host = await context.new_page()
    await host.goto(links["host"])
    await host.get_by_label("Your first name").fill("Alice")
    await host.get_by_role("button", name="Come in", exact=True).click()
    await host.get_by_role("button", name="Service").click()
    await expect(host.get_by_role("button", name="Start the meeting")).to_be_visible()
    begins = start + timedelta(seconds=1)
    served.clock.ahead += max(0, round(begins.timestamp() * 1000) - served.clock())
    await host.get_by_role("button", name="Start the meeting").click()
    await expect(host.get_by_role("heading", name="Welcome")).to_be_visible()
    await volunteer.page.goto(volunteer.base)
    await expect(
        volunteer.page.get_by_role("region", name="Open now").get_by_text("River circle").first
    ).to_be_visible()
    await context.close()


async def test_an_agenda_is_arranged_and_what_is_wrong_is_told(volunteer: Volunteer) -> None:
    page = volunteer.page
    await page.goto(f"{volunteer.base}/new")
    await page.get_by_label("Speaker meeting").check()
    await page.get_by_role("button", name="See and change its agenda").click()
    await page.get_by_role("button", name="Up : The speaker").click()
    await expect(page.locator(".agenda h3")).to_have_text(
        [
            "1. Welcome",
            "2. The speaker",
            "3. Opening reading",
            "4. A moment of silence",
            "5. Sharing",
            "6. Closing",
        ]
    )
    await page.get_by_label("Name of the meeting").fill("Kept")
    await page.get_by_role("button", name="Set up the meeting").last.click()
    await expect(page.get_by_role("alert")).to_contain_text("Please choose at least one day.")
    await expect(page.get_by_label("Name of the meeting")).to_have_value("Kept")


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids=str)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param  # type: ignore[no-any-return]


async def test_no_page_keeps_anybody_out(browser: Browser, tmp_path: Path, look: tuple[str, str]) -> None:
    """axe finds nothing, in light and dark, on a small phone and a desktop, and with text of twice the size."""
    width, height = SIZES[look[0]]
    async with serving(tmp_path) as served:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if look[1] == "dark" else "light",
            reduced_motion="reduce",
            locale="en-GB",
            bypass_csp=True,
        )
        await _look_at_all(served, context)
        await context.close()


async def _look_at_all(served: Served, context: BrowserContext) -> None:
    base, page = f"http://127.0.0.1:{served.port}", await context.new_page()
    fields = {"name": "River circle", "timezone": "America/New_York", "minutes": 60, "day": [0, 3], "time": "02:30"}
    answer = await page.request.post(f"{base}/api/meetings", data=fields | {"types": ["O"], "language": "en"})
    made = await answer.json()
    await page.request.post(f"{base}/api/meetings", data={"name": "Now", "timezone": "UTC", "minutes": 9, "now": True})
    for path in ("/", "/?q=river&time=night", "/?q=nobody", "/clocks", "/new", "/m/river-circle", "/m/now",
                 "/m/river-circle/finders", "/m/river-circle/manage", made["manage_url"].removeprefix(base),
                 "/nowhere"):  # fmt: skip
        await page.goto(base + path)
        await _finds_no_barrier(page, path)
    await page.goto(f"{base}/new")
    await page.get_by_role("button", name="See and change its agenda").click()
    await page.get_by_role("button", name="Set up the meeting").last.click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_text("More about it: language, fellowship").click()
    for label in ("Language", "Who leads is called", "A turn is called"):
        await expect(page.get_by_role("combobox", name=label, exact=True)).to_be_visible()
    await _finds_no_barrier(page, "a form with errors, all of it open")
    await page.goto(f"{base}/new")
    await page.get_by_label("Name of the meeting").fill("Once more")
    await page.get_by_role("checkbox", name="Monday", exact=True).check()
    await page.get_by_label("Begins at", exact=True).fill("19:00")
    await page.get_by_label("Time zone", exact=True).select_option("UTC")
    await page.get_by_role("button", name="Set up the meeting").last.click()
    await expect(page.locator(".link")).to_have_count(5)
    await _finds_no_barrier(page, "the sheet of links")
    await _look_at_the_import(page, f"{base}/operator/import")
    await _look_at_managing(page, base, made["manage_url"])


async def _look_at_the_import(page: Page, address: str) -> None:
    """The page, a file that is none, what would be done with one, and what was done."""
    await page.goto(address)
    await _finds_no_barrier(page, "importing")
    for content, what in ((b"<!doctype html>", "a file that is no feed"), (json.dumps(a_feed()).encode(), "a trial")):
        file: FilePayload = {"name": "feed.json", "mimeType": "application/json", "buffer": content}
        await page.locator("#file").set_input_files(file)
        async with page.expect_navigation():
            await page.get_by_role("button", name="See what would be done").click()
        await _finds_no_barrier(page, what)
    async with page.expect_navigation():
        await page.locator("button[value=import]").click()
    await _finds_no_barrier(page, "what was imported")


async def _look_at_managing(page: Page, base: str, manage_url: str) -> None:
    await page.goto(f"{base}/m/river-circle/manage")
    await page.locator("#key").fill("not the key")
    async with page.expect_navigation():
        await page.locator("button[value=open]").click()
    await _finds_no_barrier(page, "a wrong key")
    for presses in (("pause", "resume", "change"), ("delete", "delete-it")):
        await page.goto(base)  # else only the fragment of the address would change
        await page.goto(manage_url)
        for press in presses:
            await page.locator(f"button[value={press}]").wait_for()
            async with page.expect_navigation():
                await page.locator(f"button[value={press}]").click()
            await _finds_no_barrier(page, press)
    for path in ("/m/river-circle", "/r/river-circle", "/help", "/offline"):
        await page.goto(base + path)
        await _finds_no_barrier(page, path)


async def _finds_no_barrier(page: Page, what: str) -> None:
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [(it["id"], it["nodes"][0]["html"]) for it in found["violations"]] == [], what
    for size in ("100%", "200%"):
        await page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} at {size}"
