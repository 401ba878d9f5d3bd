"""Coming in and going: in another language, to a site that asks no other for anything, and away without a trace."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.e2e.kit import House
from tests.server.kit import MINUTE

KEPT = """(async () => {
    const shells = await Promise.all((await caches.keys()).map(name => caches.open(name)));
    const kept = await Promise.all(shells.map(shell => shell.keys()));
    return kept.flat().map(request => new URL(request.url).pathname);
})()"""


async def neutral(route: Route) -> None:
    await route.fulfill(body="<title>Neutral</title>", content_type="text/html")


async def test_in_arabic_the_page_reads_from_right_to_left(house: House) -> None:
    await house.a_meeting()
    bob = await house.person(locale="ar")
    await bob.page.goto(bob.link)
    await expect(bob.page.locator("html")).to_have_attribute("dir", "rtl")
    await bob.fill("الاسم الأول", "Bob")
    await bob.finds_no_barrier()
    await bob.press("دخول")
    await expect(bob.page.get_by_role("navigation", name="أجزاء الغرفة")).to_be_visible()
    await bob.finds_no_barrier()


async def test_nothing_is_asked_of_another_site(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    asked: list[str] = []
    bob.page.on("request", lambda request: asked.append(request.url))
    await bob.comes("Bob")
    await bob.looks_at("Chat")
    assert all(url.startswith(f"http://127.0.0.1:{house.served.port}/") for url in asked), asked
    assert len(asked) <= 8, asked  # the page, its script, style and words, and the icons


async def test_whoever_leaves_quickly_leaves_nothing(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.page.route("https://www.wikipedia.org/**", neutral)
    await bob.comes("Bob")
    await bob.looks_at("Chat")
    length = await bob.page.evaluate("history.length")
    for _ in range(3):
        await bob.page.keyboard.press("Escape")
    await expect(bob.page).to_have_title("Neutral")
    assert await bob.page.evaluate("history.length") == length
    await bob.page.goto(f"http://127.0.0.1:{house.served.port}/help")
    assert await bob.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("way", ["the link", "the keyboard"])
async def test_whoever_leaves_before_the_scripts_are_there_leaves_nothing_either(house: House, way: str) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.page.route("https://www.wikipedia.org/**", neutral)
    await bob.page.route("**/assets/room-*.js", lambda _: None)  # on its way, and it takes forever
    async with bob.page.expect_websocket():  # the first of the scripts is there
        await bob.page.goto(bob.link, wait_until="commit")
    length = await bob.page.evaluate("history.length")
    if way == "the link":
        await bob.page.get_by_role("link", name="Leave quickly").click(no_wait_after=True)
    else:
        for _ in range(3):
            await bob.page.keyboard.press("Escape")
    await expect(bob.page).to_have_title("Neutral")
    assert await bob.page.evaluate("history.length") == length


async def test_who_tabs_while_the_page_takes_over_the_form_stays_where_they_are(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await bob.page.route("**/assets/room-*.js", late)
    await bob.page.goto(bob.link, wait_until="commit")
    await bob.page.get_by_role("link", name="Leave quickly").focus()
    may_come.set()
    await expect(bob.page.get_by_role("button", name="Leave quickly")).to_be_focused()


async def test_a_language_is_chosen_while_a_name_is_typed(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.page.goto(bob.link)
    await bob.fill("Your first name", "Bob")
    await bob.page.get_by_label("Language", exact=True).select_option("es")
    await expect(bob.page.locator("html")).to_have_attribute("lang", "es")
    await expect(bob.page.get_by_label("Tu nombre", exact=True)).to_have_value("Bob")
    await bob.press("Entrar")
    await bob.page.get_by_role("navigation", name="Partes de la sala").wait_for()
    await bob.page.reload()  # the server speaks it now, too
    await expect(bob.page.locator("html")).to_have_attribute("lang", "es")
    await bob.page.get_by_role("navigation", name="Partes de la sala").wait_for()


async def test_whoever_is_early_counts_down_and_is_in_when_the_doors_open(house: House) -> None:
    await house.served.a_meeting(starts_in=60 * MINUTE, doors_minutes=15)
    bob, ana = await house.person(), await house.person(room="later")
    await bob.page.goto(bob.link)
    countdown = bob.page.get_by_role("timer")
    first = await countdown.inner_text()
    await expect(countdown).not_to_have_text(first)  # it runs
    opens_at = (await house.served.get("/api/meetings/circle")).json()["next"]["doors_at"]
    house.served.clock.ahead += opens_at - 5000 - house.served.clock()
    await bob.comes("Bob")
    await bob.page.get_by_role("navigation", name="Parts of the room").wait_for()  # and nobody has pressed anything
    assert house.served.clock() >= opens_at

    await house.served.a_meeting(slug="later", starts_in=60 * MINUTE, doors_minutes=15)
    await ana.comes("Ana")
    await ana.sees("Stay on this page: it turns into the room by itself.")
    await ana.finds_no_barrier()


async def test_without_a_line_the_shell_says_so_and_nothing_of_a_meeting_was_kept(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.page.clock.install()
    await bob.page.goto(bob.link)
    await bob.page.get_by_role("button", name="Come in", exact=True).wait_for()
    await bob.page.clock.fast_forward(15_000)  # the shell is fetched once the line is free
    await bob.page.evaluate("navigator.serviceWorker.ready")
    await bob.page.reload()  # what is loaded from here on passes through the worker
    await bob.comes("Bob")
    await bob.says("Between us")
    kept: list[str] = await bob.page.evaluate(KEPT)
    assert all(path == "/offline" or path.startswith(("/assets/", "/static/")) for path in kept), kept
    assert any(path.startswith("/assets/") for path in kept)

    await bob.page.context.set_offline(True)
    await bob.page.reload()
    await bob.page.get_by_role("heading", name="There is no line").wait_for()
    await bob.finds_no_barrier()
    bob.errors.clear()  # the browser's own word on the line
    await bob.page.context.set_offline(False)
    await bob.page.get_by_role("link", name="Try again").click()
    await bob.page.get_by_role("navigation", name="Parts of the room").wait_for()  # with the seat from before


async def test_the_way_back_does_not_lead_into_the_room_that_was_left_quickly(house: House) -> None:
    await house.a_meeting()
    fay = await house.served.comes("Fay")
    bob = await house.person()
    await bob.page.route("https://www.wikipedia.org/**", neutral)
    await bob.page.goto(f"http://127.0.0.1:{house.served.port}/help")
    await bob.comes("Bob")
    await bob.press("Leave quickly")
    await expect(bob.page).to_have_title("Neutral")
    await fay.sees("left", why="left")
    await bob.page.go_back()
    await expect(bob.page).to_have_url(f"http://127.0.0.1:{house.served.port}/help")
    await bob.page.go_forward()
    await expect(bob.page).to_have_title("Neutral")


async def test_a_name_is_typed_before_the_scripts_are_there(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    released = asyncio.Event()

    async def late(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await bob.page.route("**/assets/main-*.js", late)
    await bob.page.goto(bob.link, wait_until="commit")
    name = bob.page.get_by_label("Your first name")
    await name.press_sequentially("Bob")
    await bob.finds_no_barrier()
    released.set()
    await expect(bob.page.get_by_role("button", name="Come in")).to_be_enabled()
    await expect(name).to_be_focused()
    await name.press_sequentially("by")
    await expect(name).to_have_value("Bobby")
    await name.press("Enter")
    await bob.sees("The doors are open.")
