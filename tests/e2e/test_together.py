"""Two who run a meeting press the same button together: what the second of them did not mean does not happen."""

import asyncio

from playwright.async_api import Locator, Page, expect

from tests.e2e.kit import DESKTOP, House, Person
from tests.server.client import Client

CHANGED = "This has just changed, so nothing was done."
# Presses the button in the very moment in which it says something else: nobody's finger lands sooner.
PRESS_WHEN_IT_CHANGES = """button => new Promise(pressed => {
  const before = button.textContent
  new MutationObserver((_, observer) => {
    if (button.textContent === before) return
    observer.disconnect()
    button.click()
    pressed(button.textContent)
  }).observe(button, {childList: true, characterData: true, subtree: true})
})"""
PHASES = (
    {"kind": "reading", "title": "Welcome", "minutes": 5},
    {"kind": "round", "title": "Sharing", "minutes": 45},
    {"kind": "reading", "title": "Closing", "minutes": 5},
)


async def two_facilitators(house: House) -> tuple[Person, Person]:
    meeting = await house.served.a_meeting(*PHASES)
    fay, cody = [await house.person(meeting.keys.host, DESKTOP) for _ in range(2)]
    await fay.comes("Fay")
    await fay.looks_at("Meeting")
    await cody.comes("Cody")
    await fay.press("Start the meeting")
    return fay, cody


async def with_raised_hands(house: House, fay: Person) -> tuple[Client, Client]:
    await fay.press("Next: Sharing")
    ana, bob = await house.served.comes("Ana"), await house.served.comes("Bob")
    if ana.room["phase"] != 1:
        await ana.sees("phase_began", phase=1)
    await ana.does("raise_hand")
    await bob.does("raise_hand")
    return ana, bob


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def can_be_pressed(*people: Person, name: str) -> None:
    for person in people:
        await expect(button(person.page, name)).to_be_enabled()


async def puts_the_finger_on(person: Person, name: str) -> None:
    """And does not lift it yet."""
    await button(person.page, name).hover()
    await person.page.mouse.down()


async def everything_was_heard(person: Person, other: Person) -> None:
    """Whatever `person` has asked for has been answered: a message that was sent after it has come."""
    await person.says("All heard?")
    await other.sees("All heard?")


async def test_a_press_that_was_begun_before_the_change_calls_nobody(house: House) -> None:
    fay, cody = await two_facilitators(house)
    await with_raised_hands(house, fay)
    await can_be_pressed(fay, cody, name="Next: Ana")
    await puts_the_finger_on(cody, "Next: Ana")
    await fay.press("Next: Ana")
    await expect(button(cody.page, "Next: Bob")).to_be_visible()
    await cody.page.mouse.up()
    await cody.sees(CHANGED, exact=False)
    await cody.finds_no_barrier()
    await everything_was_heard(cody, fay)
    await fay.sees("Ana is called")
    await cody.sees("Ana is called")
    await cody.press("Next: Bob")
    await fay.sees("Bob is called")


async def test_a_press_that_lands_in_the_moment_of_the_change_calls_nobody(house: House) -> None:
    fay, cody = await two_facilitators(house)
    await with_raised_hands(house, fay)
    await can_be_pressed(fay, cody, name="Next: Ana")
    landing = asyncio.ensure_future(button(cody.page, "Next: Ana").evaluate(PRESS_WHEN_IT_CHANGES))
    await everything_was_heard(cody, fay)  # so the observer is there
    await fay.press("Next: Ana")
    assert await landing == "Next: Bob"
    await cody.sees(CHANGED, exact=False)
    await everything_was_heard(cody, fay)
    await fay.sees("Ana is called")


async def test_two_who_press_at_once_call_one(house: House) -> None:
    fay, cody = await two_facilitators(house)
    await with_raised_hands(house, fay)
    await can_be_pressed(fay, cody, name="Next: Ana")
    at_once = "button => setTimeout(() => button.click(), 300 - Date.now() % 300)"
    await asyncio.gather(*(button(it.page, "Next: Ana").evaluate(at_once) for it in (fay, cody)))
    await fay.sees("Ana is called")
    await everything_was_heard(fay, cody)
    await everything_was_heard(cody, fay)
    for person in (fay, cody):
        await person.sees("Ana is called")
        await expect(button(person.page, "Next: Bob")).to_be_visible()


async def test_two_who_go_on_together_skip_no_phase(house: House) -> None:
    fay, cody = await two_facilitators(house)
    await can_be_pressed(fay, cody, name="Next: Sharing")
    await puts_the_finger_on(cody, "Next: Sharing")
    await fay.press("Next: Sharing")
    await expect(button(cody.page, "Next: Closing")).to_be_visible()
    await cody.page.mouse.up()  # perhaps on another button that has come there
    await everything_was_heard(cody, fay)
    await fay.sees("Now: Sharing", exact=False)
    await cody.press("Next: Closing")
    await fay.sees("Now: Closing", exact=False)


async def test_two_who_quiet_the_room_together_leave_it_quiet(house: House) -> None:
    fay, cody = await two_facilitators(house)
    await can_be_pressed(fay, cody, name="Quiet the room")
    await puts_the_finger_on(cody, "Quiet the room")
    await fay.press("Quiet the room")
    await expect(button(cody.page, "End quiet")).to_be_visible()
    await cody.page.mouse.up()
    await cody.sees(CHANGED, exact=False)
    await everything_was_heard(cody, fay)
    await fay.sees("The room is quiet", exact=False)


async def test_a_double_tap_begins_a_share_and_does_not_end_it(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("Meeting")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await bob.press("Raise hand")
    await fay.press("Next: Bob")
    await button(bob.page, "Begin").dblclick()
    await bob.sees("You are sharing")
    await everything_was_heard(bob, fay)
    await fay.sees("Bob is sharing")
