"""Coming in and going: in another language, to a site that asks no other for anything, and away without a trace."""

from playwright.async_api import Route, expect

from tests.e2e.kit import House


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

    async def neutral(route: Route) -> None:
        await route.fulfill(body="<title>Neutral</title>", content_type="text/html")

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
