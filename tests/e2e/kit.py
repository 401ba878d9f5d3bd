"""People with browsers, in a room that a real server holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.e2e.chromium import AXE
from tests.server.kit import Given, Served

SQUEEZED = """[...document.querySelectorAll('h1, h2, h3, p, label, button, summary')]
    .filter(it => it.checkVisibility({visibilityProperty: true}) && !it.closest('.unseen') && it.innerText.length > 6)
    .filter(it => it.getBoundingClientRect().width < 3 * parseFloat(getComputedStyle(it).fontSize))
    .map(it => it.outerHTML)"""
"""Texts that stand in so narrow a column that their words are broken."""

PHONE, DESKTOP = (320, 640), (1280, 900)
TIMEOUT = 10_000  # ms after which a test that still waits has failed
expect.set_options(timeout=TIMEOUT)
MOST_STEPS = 200  # from one control to another
ALWAYS_IN_SIGHT = ("Meeting", "Chat")
PHASES = (
    {"kind": "reading", "title": "Welcome", "minutes": 5, "text": "We listen to each other."},
    {"kind": "round", "title": "Sharing", "minutes": 45, "share_seconds": 180},
)

Scheme = Literal["light", "dark"]
OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}


class Person:
    """Somebody with a browser, in a room."""

    has_touch = False

    def __init__(self, page: Page, link: str, scheme: Scheme) -> None:
        self.page, self.link, self.scheme = page, link, scheme
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self._is_in_tunnel = False
        self._line: WebSocketRoute | None = None

    async def comes(self, name: str) -> None:
        await self.page.goto(self.link)
        await self.fill("Your first name", name)
        await self.press("Come in")

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        await (within or self.page).get_by_role("button", name=name, exact=True).click()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    async def sees(self, text: str, *, exact: bool = True) -> None:
        await expect(self.page.get_by_text(text, exact=exact).filter(visible=True).first).to_be_visible()

    async def looks_at(self, panel: str) -> None:
        """On a desktop the meeting and the chat are always in sight, and have no button."""
        parts = self.page.get_by_role("navigation", name="Parts of the room")
        await parts.wait_for()
        size = self.page.viewport_size
        if panel not in ALWAYS_IN_SIGHT or size is None or size["width"] < DESKTOP[0]:
            await self.chooses(parts.get_by_role("button").filter(has_text=panel))

    async def chooses(self, button: Locator) -> None:
        await button.click()

    async def says(self, text: str) -> None:
        await self.looks_at("Chat")
        await self.fill("Message", text)
        await self.press("Send")
        await expect(self.page.get_by_label("Message", exact=True)).to_have_value("")

    async def finds_no_barrier(self) -> None:
        """Nothing that axe knows to keep people out, in light and in dark; nothing too wide, and no squeezed text."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE)
        found = await self._violations("{}")
        assert found == [], found
        await self.page.emulate_media(color_scheme=OTHER[self.scheme])
        assert await self._violations("{runOnly: ['color-contrast']}") == []
        await self.page.emulate_media(color_scheme=self.scheme)
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await self.page.evaluate(SQUEEZED) == []

    async def _violations(self, options: str) -> list[Any]:
        found = await self.page.evaluate(f"axe.run({{resultTypes: ['violations'], ...{options}}})")
        return [(it["id"], it["nodes"][0]["html"]) for it in found["violations"]]

    async def takes_a_phone_with_tunnels(self) -> None:
        """Before the page is opened: from now on its line can be taken away and given back."""
        await self.page.route_web_socket("**/socket", self._connect)

    async def goes_into_a_tunnel(self) -> None:
        self._is_in_tunnel = True
        assert self._line is not None
        await self._line.close(code=3001)

    async def comes_out(self) -> None:
        self._is_in_tunnel = False
        await self.page.evaluate("dispatchEvent(new Event('online'))")

    async def _connect(self, line: WebSocketRoute) -> None:
        if self._is_in_tunnel:
            await line.close(code=3001)
        else:
            line.connect_to_server()
            self._line = line


class ByTouch(Person):
    """Somebody with a phone in the hand."""

    has_touch = True

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        await (within or self.page).get_by_role("button", name=name, exact=True).tap()


class ByKeyboard(Person):
    """Somebody who has a keyboard and nothing else."""

    async def reach(self, target: Locator) -> None:
        """Go from control to control until the focus is on `target`."""
        await expect(target).to_be_visible()
        for _ in range(MOST_STEPS):
            if await target.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        target = (within or self.page).get_by_role("button", name=name, exact=True)
        await self.reach(target)
        await expect(target).to_be_enabled()
        await self.page.keyboard.press("Enter")

    async def fill(self, label: str, text: str) -> None:
        await self.reach(self.page.get_by_label(label, exact=True))
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def says(self, text: str) -> None:
        await self.looks_at("Chat")
        await self.fill("Message", text)
        await self.page.keyboard.press("Enter")
        await expect(self.page.get_by_label("Message", exact=True)).to_have_value("")

    async def chooses(self, button: Locator) -> None:
        await self.reach(button)
        await self.page.keyboard.press("Enter")


class House:
    """A server, a browser, and whoever is there."""

    def __init__(self, served: Served, browser: Browser) -> None:
        self.served, self._browser = served, browser
        self.people: list[Person] = []

    async def a_meeting(self, **rules: Any) -> Given:
        return await self.served.a_meeting(*PHASES, **{"direct_messages": "everyone", **rules})

    async def person(
        self,
        key: str | None = None,
        size: tuple[int, int] = PHONE,
        scheme: Scheme = "light",
        fragment: str = "",
        room: str = "circle",
        locale: str = "en-GB",
        kind: type[Person] = Person,
    ) -> Person:
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",  # else axe may look while a colour is still on its way
            locale=locale,
            has_touch=kind.has_touch,
        )
        context.set_default_timeout(TIMEOUT)
        fragment = f"#key={key}" if key else fragment
        link = f"http://127.0.0.1:{self.served.port}/r/{room}{fragment}"
        person = kind(await context.new_page(), link, scheme)
        self.people.append(person)
        return person

    @asynccontextmanager
    async def all_is_well(self) -> AsyncIterator["House"]:
        try:
            yield self
        finally:
            for person in self.people:
                await person.page.context.close()
        assert [error for person in self.people for error in person.errors] == []
