"""The room in real browsers: a member on a phone and a facilitator at a desktop, from the doors to the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.e2e.chromium import AXE, FLAGS, chromium
from tests.server.kit import Given, Served, serving

PHONE, DESKTOP = (320, 640), (1280, 900)
PHASES = (
    {"kind": "reading", "title": "Welcome", "minutes": 5, "text": "We listen to each other."},
    {"kind": "round", "title": "Sharing", "minutes": 45, "share_seconds": 180},
)


class Person:
    """Somebody with a browser, in a room."""

    def __init__(self, page: Page, context: BrowserContext, link: str) -> None:
        self.page, self.context, self.link = page, context, link
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    async def comes(self, name: str) -> None:
        await self.page.goto(self.link)
        await self.page.get_by_label("Your first name").fill(name)
        await self.press("Come in")

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        await (within or self.page).get_by_role("button", name=name, exact=True).click()

    async def sees(self, text: str) -> None:
        await expect(self.page.get_by_text(text, exact=True).filter(visible=True).first).to_be_visible()

    async def looks_at(self, panel: str) -> None:
        """On a desktop some are always in sight, and have no button."""
        buttons = self.page.get_by_role("navigation").get_by_role("button")
        await buttons.first.wait_for()
        button = buttons.filter(has_text=panel)
        if await button.count():
            await button.click()

    async def says(self, text: str) -> None:
        await self.looks_at("Chat")
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.press("Send")
        await expect(self.page.get_by_label("Message", exact=True)).to_have_value("")

    async def finds_no_barrier(self) -> None:
        """Nothing that axe knows to keep people out, and nothing wider than the screen."""
        await self.page.evaluate(AXE)
        found = await self.page.evaluate("axe.run({resultTypes: ['violations']})")
        assert [(it["id"], it["nodes"][0]["html"]) for it in found["violations"]] == []
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


class House:
    """A server, a browser, and whoever is there."""

    def __init__(self, served: Served, browser: Browser) -> None:
        self.served, self._browser = served, browser
        self.people: list[Person] = []

    async def a_meeting(self, **rules: Any) -> Given:
        return await self.served.a_meeting(*PHASES, **{"direct_messages": "everyone", **rules})

    async def person(self, key: str | None = None, size: tuple[int, int] = PHONE, scheme: Any = "light") -> Person:
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="en-GB"
        )
        link = f"http://127.0.0.1:{self.served.port}/r/circle{f'#key={key}' if key else ''}"
        self.people.append(Person(await context.new_page(), context, link))
        return self.people[-1]

    @asynccontextmanager
    async def all_is_well(self) -> AsyncIterator["House"]:
        yield self
        assert [error for person in self.people for error in person.errors] == []


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as served, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        async with House(served, browser).all_is_well() as it:
            yield it
        await browser.close()


async def test_a_meeting_from_the_doors_to_the_end(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, DESKTOP)
    bob = await house.person(scheme="dark")
    await fay.page.goto(fay.link)
    await expect(fay.page.get_by_text("This link lets you come in as one of the service team.")).to_be_visible()
    assert "#" not in fay.page.url, "the key is out of sight"
    await fay.finds_no_barrier()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.sees("Welcome")
    await bob.finds_no_barrier()
    await bob.says("Good evening")
    await fay.sees("Good evening")
    await bob.finds_no_barrier()

    await fay.looks_at("Service")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await bob.looks_at("Meeting")
    await bob.press("Raise hand")
    await bob.sees("You are next.")
    await fay.press("Next: Bob")
    await bob.sees("It is your turn")
    await bob.finds_no_barrier()
    await bob.press("Begin")
    await bob.page.get_by_label("Your share").fill("I planted beans.")
    await bob.press("Send paragraph")
    await fay.sees("I planted beans.")
    await fay.finds_no_barrier()
    await fay.press("+ 1 minute")
    await expect(fay.page.get_by_role("timer")).to_contain_text("3:")
    await fay.press("Quiet the room")
    await expect(bob.page.get_by_text("The room is quiet")).to_be_visible()
    await fay.press("End quiet")
    await bob.press("I'm done")
    await fay.sees("What Bob shared")

    await fay.press("End the meeting")
    await fay.press("End it")
    await bob.sees("Time to talk")
    await fay.press("End the meeting")
    await fay.press("End it")
    await bob.sees("The meeting is over")
    await bob.finds_no_barrier()
    await fay.sees("Thank you for being here. Everything that was said is deleted now.")


async def test_what_the_service_team_sees_to(house: House) -> None:
    meeting = await house.a_meeting(waiting_room=True)
    fay = await house.person(meeting.keys.host, DESKTOP)
    bob, eve = await house.person(), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await expect(bob.page.get_by_text("You are next in the waiting room.")).to_be_visible()
    await bob.finds_no_barrier()
    await fay.looks_at("Service")
    await fay.press("Let in Bob")
    await bob.looks_at("Chat")
    await eve.comes("Eve")
    await fay.press("Let in Eve")
    await eve.says("Something unkind")

    await bob.press("More about what Eve said")
    await bob.press("Report")
    await bob.press("Tell the service team")
    await bob.sees("Thank you. The service team has been told.")
    await fay.sees("Bob reports a message")
    await fay.finds_no_barrier()
    await fay.press("Take it back", within=fay.page.locator(".requests"))
    await fay.press("Seen to")
    await fay.sees("Nobody needs help just now.")

    await fay.looks_at("People")
    await fay.press("More about Eve")
    await fay.press("Mute")
    await eve.looks_at("Chat")
    await expect(eve.page.get_by_text("You are muted just now.").first).to_be_visible()
    await fay.press("Remove")
    await fay.finds_no_barrier()
    await fay.press("Remove Eve")
    await eve.sees("You were taken out of the meeting")
    await eve.comes("Eve again")
    await eve.sees("You cannot come back to this meeting")
    await eve.finds_no_barrier()

    await fay.press("More about Bob")
    await fay.page.get_by_label("Role", exact=True).select_option("Timekeeper")
    await fay.press("Set", within=fay.page.locator(".choose").filter(has_text="Role"))
    await bob.looks_at("Service")
    await bob.finds_no_barrier()
    await fay.press("Hand over the meeting")
    await fay.press("Hand over to Bob")
    await bob.press("Start the meeting")
    await fay.looks_at("Service")
    await fay.press("Lock the door")
    await bob.sees("Nobody new comes in. Whoever was here comes back.")


async def test_a_line_that_breaks_costs_nothing(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.says("Before")
    [replica] = house.served.replicas
    await bob.page.get_by_label("Message", exact=True).fill("In the tunnel")
    replica.door.cut(1011)  # and while it is down, somebody else speaks
    await fay.says("Meanwhile")
    await bob.sees("Meanwhile")
    await bob.press("Send")
    await fay.sees("In the tunnel")
    await bob.page.reload()
    await bob.sees("Chat")
    await fay.looks_at("People")
    await fay.sees("2 people")
    bob.errors.clear()
    fay.errors.clear()


async def test_everything_can_be_reached_by_keyboard(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, DESKTOP)
    keyboard = fay.page.keyboard
    await fay.page.goto(fay.link)
    await keyboard.press("Tab")
    await keyboard.type("Fay")
    await keyboard.press("Enter")
    await expect(fay.page.get_by_role("heading", level=1)).to_be_focused()
    await fay.looks_at("Service")
    await fay.page.get_by_role("heading", level=1).focus()
    named = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
    reached = set[str]()
    for _ in range(40):
        await keyboard.press("Tab")
        reached.add(await fay.page.evaluate(named))
    assert reached >= {"Quiet the room", "Get help", "People", "Send", "Start the meeting", "Lock the door"}
    await fay.page.get_by_label("Message", exact=True).focus()
    await keyboard.type("By keyboard")
    await keyboard.press("Enter")
    await fay.sees("By keyboard")


async def test_at_twice_the_text_size_nothing_is_cut_off(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, (640, 900))
    await fay.comes("Fay")
    await fay.page.evaluate("document.documentElement.style.fontSize = '200%'")
    for panel in ("Meeting", "Chat", "People", "Service", "You"):
        await fay.looks_at(panel)
        assert await fay.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), panel
