"""A whole meeting of a facilitator, a greeter and three members: by mouse and touch, and by the keyboard alone."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.kit import DESKTOP, PHONE, ByKeyboard, ByTouch, House, Person

PHASES = (
    {"kind": "reading", "title": "Welcome", "minutes": 5, "text": "We listen to each other."},
    {"kind": "round", "title": "Sharing", "minutes": 45, "share_seconds": 180},
    {"kind": "reading", "title": "Closing", "minutes": 5, "text": "Thank you for being here."},
)
POINTERS = ((ByTouch, PHONE), (Person, DESKTOP), (ByTouch, PHONE), (Person, DESKTOP), (ByTouch, PHONE))
KEYBOARDS = (
    (ByKeyboard, DESKTOP),
    (ByKeyboard, PHONE),
    (ByKeyboard, DESKTOP),
    (ByKeyboard, PHONE),
    (ByKeyboard, PHONE),
)


@pytest.mark.parametrize("hands", [POINTERS, KEYBOARDS], ids=["mouse and touch", "keyboard"])
async def test_a_whole_meeting(house: House, hands: tuple[tuple[type[Person], tuple[int, int]], ...]) -> None:  # noqa: PLR0915
    meeting = await house.served.a_meeting(*PHASES, waiting_room=True)
    keys = (meeting.keys.host, meeting.keys.greeter, None, None, None)
    people = [await house.person(key, size, kind=kind) for key, (kind, size) in zip(keys, hands, strict=True)]
    fay, greta, ana, bob, cleo = people

    # Coming in
    await fay.comes("Fay")
    await greta.comes("Greta")
    await ana.comes("Ana")
    await ana.sees("You are next in the waiting room. Somebody will let you in.")
    await bob.comes("Bob")
    await cleo.comes("Cleo")
    await greta.looks_at("Service")
    await greta.sees("3 people wait to come in.")
    await greta.press("Let in Ana")
    await greta.press("Let all in")
    for person in (fay, ana, bob, cleo):
        await person.looks_at("Meeting")
    await bob.says("Good evening")
    await bob.says("Oh, not that")
    await bob.press("Take it back", within=bob.page.get_by_role("article").last)
    await greta.looks_at("Chat")
    await greta.sees("Good evening")
    await expect(greta.page.get_by_text("Oh, not that")).to_be_hidden()

    # The queue
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await ana.press("Raise hand")
    await ana.sees("You are next.")
    await bob.looks_at("Meeting")
    await bob.press("Topic: raise hand with one")
    await bob.fill("What about?", "sleep")
    await bob.press("Raise hand", within=bob.page.get_by_role("group", name="Topic"))
    await bob.sees("You are number 2.", exact=False)
    await cleo.says("! my first week")
    await cleo.sees("You are number 3.", exact=False)

    # A share, in writing
    await fay.press("Next: Ana")
    await ana.sees("It is your turn")
    await ana.press("Begin")
    await ana.fill("Your share", "I planted beans.")
    await ana.press("Send paragraph")
    await bob.sees("I planted beans.")
    await bob.press("❤️", within=bob.page.get_by_role("group", name="Reactions to this share"))
    await expect(ana.page.get_by_role("button", name="❤️ 1")).to_be_visible()
    await ana.press("I'm done")
    await fay.press("Next: Bob")
    await bob.press("Pass")
    await fay.sees("Next: Cleo")

    # By typed commands; and the room is quieted, and goes on as it was
    await fay.says("/next")
    await cleo.looks_at("Meeting")
    await cleo.press("Begin")
    await greta.press("Quiet the room")
    await asyncio.gather(*(person.sees("The room is quiet", exact=False) for person in people))
    await cleo.sees("The clock stands still", exact=False)
    await greta.press("End quiet")
    await expect(cleo.page.get_by_text("The room is quiet")).to_be_hidden()
    await cleo.sees("You are sharing")
    await cleo.says("done")
    await cleo.looks_at("You")
    await cleo.press("Tell a milestone")
    await cleo.press("Tell everybody")
    await expect(ana.page.locator(".applause")).to_contain_text("Cleo: 1 year")

    # The end
    await fay.press("Next: Closing")
    await fay.looks_at("Service")
    for _ in range(2):
        await fay.press("End the meeting")
        await fay.press("End it")
    await asyncio.gather(*(person.sees("The meeting is over") for person in people))
