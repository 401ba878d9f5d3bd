"""Lines that break, in real browsers."""

import asyncio
import re

from playwright.async_api import expect

from tests.e2e.kit import DESKTOP, House


async def test_a_line_that_breaks_costs_nothing(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob, ana = await house.person(meeting.keys.host, DESKTOP), await house.person(), await house.person()
    await bob.takes_a_phone_with_tunnels()
    for person, name in ((fay, "Fay"), (ana, "Ana"), (bob, "Bob")):
        await person.comes(name)
        await person.looks_at("Meeting")
    await fay.looks_at("Service")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await ana.press("Raise hand")
    await ana.sees("You are next.")
    await bob.press("Raise hand")
    await expect(bob.page.get_by_text("You are number 2.")).to_be_visible()
    await bob.looks_at("Chat")

    await bob.goes_into_a_tunnel()
    await fay.looks_at("People")
    await expect(fay.page.get_by_role("listitem").filter(has_text="Bob").get_by_text("away").first).to_be_visible()
    await fay.says("Meanwhile")
    await bob.fill("Message", "In the tunnel")
    await bob.press("Send")
    await expect(bob.page.get_by_text("The line is down.")).to_be_visible()
    await bob.finds_no_barrier()

    await bob.comes_out()
    await bob.sees("Meanwhile")
    await expect(bob.page.get_by_text("The line is down.")).to_be_hidden()
    await fay.sees("In the tunnel")
    await expect(bob.page.get_by_label("Message", exact=True)).to_have_value("")
    await expect(bob.page.get_by_text("You are number 2.")).to_be_visible()
    await fay.press("Next: Ana")
    await expect(bob.page.get_by_text("You are next.")).to_be_visible()
    assert await fay.page.get_by_text("In the tunnel", exact=True).count() == 1


async def test_a_line_that_breaks_in_the_middle_of_a_share_loses_and_doubles_nothing(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob, ana = await house.person(meeting.keys.host, DESKTOP), await house.person(), await house.person()
    for person in (bob, ana):
        await person.takes_a_phone_with_tunnels()
    for person, name in ((fay, "Fay"), (bob, "Bob"), (ana, "Ana")):
        await person.comes(name)
        await person.looks_at("Meeting")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await bob.press("Raise hand")
    await bob.sees("You are next.")
    await ana.press("Raise hand")
    await ana.sees("You are number 2.", exact=False)
    await fay.press("Next: Bob")
    await bob.press("Begin")
    await bob.fill("Your share", "I planted beans.")
    await bob.press("Send paragraph")
    await fay.sees("I planted beans.")

    for person in (bob, ana):
        await person.goes_into_a_tunnel()
    await bob.fill("Your share", "They are growing.")
    await bob.press("Send paragraph")
    await expect(bob.page.get_by_role("button", name="Sending…")).to_be_visible()
    await bob.sees("The line is down.", exact=False)
    await ana.press("❤️")
    for person in (bob, ana):
        await person.comes_out()

    await fay.sees("They are growing.")
    await expect(bob.page.get_by_label("Your share", exact=True)).to_have_value("")
    await bob.sees("You are sharing")
    await expect(bob.page.get_by_role("button", name="❤️ 1")).to_be_visible()
    await ana.sees("You are next.")
    await ana.sees("They are growing.")
    assert await fay.page.get_by_text("They are growing.", exact=True).count() == 1
    await bob.press("I'm done")
    await fay.press("Next: Ana")
    await ana.sees("It is your turn")


async def test_two_pages_side_by_side_show_the_same_second(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("Meeting")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await bob.press("Raise hand")
    await fay.press("Next: Bob")
    await bob.press("Begin")
    for person in (fay, bob):
        await expect(person.page.get_by_role("timer")).to_be_visible()
    # When the share ends as a page shows it, by the clock that both pages share: a second that is drawn late would have
    # it end later, so the earliest of some is the truth.
    shown_end = """timer => new Promise(done => {
      const ends = []
      new MutationObserver((_, observer) => {
        const [minutes, seconds] = timer.textContent.split(':').map(Number)
        ends.push(Date.now() + (minutes * 60 + seconds) * 1000)
        if (ends.length < 8) return
        observer.disconnect()
        done(Math.min(...ends))
      }).observe(timer, {childList: true, characterData: true, subtree: true})
    })"""
    ends = await asyncio.gather(*(person.page.get_by_role("timer").evaluate(shown_end) for person in (fay, bob)))
    assert abs(ends[0] - ends[1]) < 500, ends


async def test_a_page_loaded_anew_is_the_same_person(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.says("Before")
    await bob.page.reload()
    await bob.looks_at("Chat")
    await bob.sees("Before")
    await bob.says("After")
    await fay.sees("After")
    await fay.looks_at("People")
    await fay.sees("2 people")


async def test_a_second_page_with_the_same_seat_takes_over(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.comes("Bob")
    await bob.looks_at("Chat")
    second = await bob.page.context.new_page()
    seat = await bob.page.evaluate("Object.entries(sessionStorage)")
    await second.add_init_script(f"for (const [key, value] of {seat!r}) sessionStorage.setItem(key, value)")
    await second.goto(bob.link)
    await expect(second.get_by_role("navigation", name="Parts of the room")).to_be_visible()
    await bob.sees("You are in this meeting elsewhere")
    await bob.finds_no_barrier()
    await bob.press("Come back here")
    await bob.looks_at("Chat")
    await expect(second.get_by_role("heading", level=1)).to_have_text("You are in this meeting elsewhere")


async def test_secrets_leave_the_address_at_once(house: House) -> None:
    meeting = await house.served.a_meeting(passcode="willow bark")
    fay = await house.person(meeting.keys.host, DESKTOP)
    bob, ana = await house.person(fragment="#passcode=willow%20bark"), await house.person()
    await fay.page.goto(fay.link)
    await expect(fay.page.get_by_text("This link lets you come in as one of the service team.")).to_be_visible()
    await expect(fay.page).to_have_url(re.compile(r"/r/circle$"))
    await fay.finds_no_barrier()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("Meeting")
    await expect(bob.page).to_have_url(re.compile(r"/r/circle$"))

    await ana.page.goto(ana.link)
    await ana.fill("Your first name", "Ana")
    await ana.fill("Passcode", "oak")
    await ana.press("Come in")
    await expect(ana.page.get_by_role("alert")).to_be_visible()
    await ana.finds_no_barrier()
    await ana.fill("Passcode", "willow bark")
    await ana.press("Come in")
    await ana.looks_at("Meeting")

    # Somebody who is in already opens a role's link in the same tab.
    await bob.page.evaluate(f"location.hash = 'key={meeting.keys.timekeeper}'")
    await bob.looks_at("Service")
    await bob.sees("Nobody needs help just now.")
    await expect(bob.page).to_have_url(re.compile(r"/r/circle$"))
