"""Every state of the page, on a phone and on a desktop, in light and in dark: nothing in it keeps people out."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.kit import DESKTOP, PHONE, House, Person

SECOND = 1000


async def nobody_is_kept_out(*people: Person) -> None:
    await asyncio.gather(*(person.finds_no_barrier() for person in people))


async def test_coming_in_and_going(house: House) -> None:
    meeting = await house.a_meeting(waiting_room=True)
    fay = await house.person(meeting.keys.host, PHONE, "dark")
    bob, eve = await house.person(), await house.person(size=DESKTOP)
    await bob.page.goto(bob.link)
    await bob.finds_no_barrier()
    await bob.comes("Bob")
    await bob.sees("You are next in the waiting room. Somebody will let you in.")
    await eve.comes("Eve")
    await fay.comes("Fay")
    await fay.looks_at("Service")
    await fay.sees("2 people wait to come in.")
    await nobody_is_kept_out(bob, fay)

    await fay.press("Turn away Eve")
    await eve.sees("You were not let in")
    await fay.press("Let in Bob")
    for panel in ("Meeting", "Chat", "People", "You"):
        await bob.looks_at(panel)
        await bob.finds_no_barrier()
    await fay.press("Lock the door")
    await fay.sees("Nobody new comes in. Whoever was here comes back.")
    ana = await house.person(scheme="dark")
    await ana.comes("Ana")
    await ana.sees("The doors are closed")
    await nobody_is_kept_out(eve, ana, fay)

    await fay.press("Start the meeting")
    await bob.press("Leave the meeting")
    await bob.finds_no_barrier()
    await bob.press("Leave now")
    await bob.sees("You have left")
    await fay.press("End the meeting")
    await fay.finds_no_barrier()
    await fay.press("End it")
    await fay.sees("The room stays open a little longer, to talk.", exact=False)
    await fay.finds_no_barrier()
    await fay.press("End the meeting")
    await fay.press("End it")
    await fay.sees("The meeting is over")
    await nobody_is_kept_out(bob, fay)


async def test_a_share(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, PHONE)
    bob, ana = await house.person(scheme="dark"), await house.person(size=DESKTOP)
    for person, name in ((fay, "Fay"), (bob, "Bob"), (ana, "Ana")):
        await person.comes(name)
        await person.looks_at("Meeting")
    await fay.looks_at("Service")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await fay.looks_at("Meeting")
    await bob.press("Raise hand")
    await ana.press("Topic: raise hand with one")
    await ana.fill("What about?", "sleep")
    await ana.finds_no_barrier()
    await ana.press("Raise hand", within=ana.page.get_by_role("group", name="Topic"))
    await fay.press("Place of Ana")
    await fay.sees("One up")
    await nobody_is_kept_out(bob, ana, fay)

    await fay.press("Next: Bob")
    await bob.sees("It is your turn")
    await nobody_is_kept_out(bob, ana, fay)
    await bob.press("Begin")
    await bob.fill("Your share", "I planted beans.")
    await bob.press("Send paragraph")
    await ana.sees("I planted beans.")
    await ana.page.get_by_role("button", name="❤️").first.click()
    await expect(bob.page.get_by_role("button", name="❤️ 1")).to_be_visible()
    await nobody_is_kept_out(bob, ana, fay)

    house.served.pass_time(125 * SECOND)
    await expect(ana.page.locator(".time-left.is-minute")).to_be_visible()
    await nobody_is_kept_out(bob, ana)
    house.served.pass_time(60 * SECOND)
    await bob.sees("Your time is up: please come to an end")
    await nobody_is_kept_out(bob, ana, fay)
    await fay.press("Stop the clock")
    await ana.sees("The clock stands still, the time is up")
    await fay.press("More about what Bob shared")
    await fay.press("Take it back", within=fay.page.locator(".stage"))
    await nobody_is_kept_out(bob, fay)
    await fay.press("Delete it")
    await expect(ana.page.get_by_text("I planted beans.")).to_be_hidden()


@pytest.mark.parametrize(
    ("leads_at", "comes_at"), [(DESKTOP, PHONE), (PHONE, DESKTOP)], ids=["lead at a desktop", "lead on a phone"]
)
async def test_seeing_to_people(house: House, leads_at: tuple[int, int], comes_at: tuple[int, int]) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, leads_at, "dark"), await house.person(size=comes_at)
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("You")
    await bob.press("Tell a milestone")
    await bob.finds_no_barrier()
    await bob.press("Tell everybody")
    await bob.looks_at("Meeting")
    await bob.sees("Bob: 1 year", exact=False)
    await bob.says("Good evening")
    await fay.looks_at("Chat")
    await fay.press("More about what Bob said")
    await fay.press("Pin")
    await fay.press("Reply")
    await fay.fill("Message", "Good evening, Bob")
    await fay.finds_no_barrier()
    await fay.press("Send")
    await bob.sees("To Bob: Good evening")
    await bob.page.get_by_label("To", exact=True).select_option("Fay")
    await bob.says("I feel unsafe")
    await fay.sees("to you alone")
    await nobody_is_kept_out(bob, fay)

    await bob.press("Get help now")
    await bob.finds_no_barrier()
    await bob.press("Call the service team")
    await bob.sees("The service team has been told. They will write to you.")
    await fay.looks_at("Service")
    await fay.sees("Bob asks for help")
    await fay.fill("Name", "Pia")
    await fay.press("Add")
    await nobody_is_kept_out(bob, fay)
    await fay.looks_at("People")
    await fay.press("More about Bob")
    await fay.press("Remove")
    await fay.sees("by phone or in the hall")
    await fay.finds_no_barrier()
    await fay.press("Quiet the room")
    await expect(bob.page.get_by_text("The room is quiet")).to_be_visible()
    await nobody_is_kept_out(bob, fay)


async def top(of: Locator) -> float:
    """How far from the top of the screen it stands, in px."""
    return float(await of.evaluate("element => element.getBoundingClientRect().top"))


async def test_earlier_messages_come_above_and_nothing_that_is_being_read_moves(house: House) -> None:
    await house.a_meeting()
    bob = await house.person()
    await bob.comes("Bob")
    await bob.looks_at("Meeting")
    for name in ("Ana", "Cleo", "Dora"):
        member = await house.served.comes(name)
        for number in range(25):
            await member.ask("say", text=f"{name} says {number}")
    await bob.looks_at("Chat")
    articles = bob.page.get_by_role("log").get_by_role("article")
    await expect(articles.last).to_contain_text("Dora says 24")
    shown = await articles.count()
    assert shown < 75
    await bob.page.get_by_role("log").evaluate("log => log.scrollTo(0, 0)")
    read = articles.filter(has_text="Cleo says 20")
    before = await top(read)
    await bob.press("Earlier messages")
    await expect(articles).not_to_have_count(shown)
    assert abs(await top(read) - before) < 1
    await member.ask("say", text="Something new")
    await expect(bob.page.get_by_role("button", name="New below")).to_be_visible()
    assert abs(await top(read) - before) < 1
    await bob.finds_no_barrier()


async def test_before_the_doors(house: House) -> None:
    meeting = await house.served.a_meeting(starts_in=3_600_000)
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person(scheme="dark")
    await bob.comes("Bob")
    await bob.sees("Stay on this page: it turns into the room by itself.")
    await bob.finds_no_barrier()
    await fay.comes("Fay")
    await fay.looks_at("Service")
    await fay.press("Start the meeting")  # which opens the doors, too
    await bob.looks_at("Chat")


async def test_running_it_from_the_message_box_and_by_hand(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, DESKTOP, "dark")
    greta = await house.person(meeting.keys.greeter, PHONE)
    await fay.comes("Fay")
    await fay.looks_at("Meeting")
    await greta.comes("Greta")
    await fay.says("/start")
    await fay.says("/phase next")
    await fay.sees("Nobody is sharing just now.")
    members = [await house.served.comes(name) for name in ("Ana", "Bob", "Cleo")]
    for member in members:
        await member.ask("raise_hand")
    hands = fay.page.get_by_role("region", name="Raised hands").get_by_role("listitem")
    await expect(hands).to_have_count(3)

    await fay.page.get_by_label("Message", exact=True).press_sequentially("/mu")
    await fay.sees("/mute")
    await fay.page.keyboard.press("ArrowDown")
    await greta.says("/help")
    await greta.sees("! raises your hand", exact=False)
    await nobody_is_kept_out(fay, greta)
    await greta.press("Close")
    await fay.page.keyboard.press("Enter")
    await fay.page.keyboard.type("bo")
    await expect(fay.page.get_by_role("listbox", name="Commands").get_by_text("Bob")).to_be_visible()
    await fay.finds_no_barrier()
    await fay.page.keyboard.press("Enter")
    await greta.looks_at("People")
    await greta.sees("muted")

    # Who is muted has no hand; the last is dragged to the front.
    await hands.nth(1).locator(".handle").hover()
    await fay.page.mouse.down()
    first = await hands.nth(0).bounding_box()
    assert first is not None
    await fay.page.mouse.move(first["x"] + 40, first["y"] + 2, steps=4)
    await fay.page.mouse.up()
    await expect(hands.nth(0)).to_contain_text("Cleo")

    await greta.looks_at("Service")
    await greta.fill("A notice to everybody", "We meet again on Friday.")
    await greta.press("Post it")
    await expect(fay.page.get_by_role("group", name="Pinned")).to_contain_text("We meet again on Friday.")
    await members[0].does("celebrate", count=3, unit="months")
    await expect(greta.page.locator(".applause")).to_contain_text("Ana: 3 months")
    await nobody_is_kept_out(fay, greta)
