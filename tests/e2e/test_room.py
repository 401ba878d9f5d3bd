"""The room in real browsers: a member on a phone and a facilitator at a desktop, from the doors to the end."""

from playwright.async_api import expect

from tests.e2e.kit import DESKTOP, House


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


async def test_a_call_for_help_outlasts_a_phone_that_has_dropped_the_page(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.press("Get help now")
    await bob.fill("What is it? (You need not say.)", "I am not well.")
    await bob.press("Call the service team")
    await bob.sees("You called the service team at", exact=False)
    await bob.finds_no_barrier()
    await fay.sees("1 call for help")
    await fay.page.reload()
    await fay.sees("1 call for help")
    await fay.press("See to it")
    await fay.sees("I am not well.")
    await fay.finds_no_barrier()
    await bob.page.reload()
    await bob.press("Get help now")
    await bob.press("I need no more help")
    await fay.sees("Nobody needs help just now.")


async def test_everything_can_be_reached_by_keyboard(house: House) -> None:
    meeting = await house.a_meeting()
    fay = await house.person(meeting.keys.host, DESKTOP)
    keyboard = fay.page.keyboard
    await fay.page.goto(fay.link)
    for _ in range(3):  # past help and the quick way out
        await keyboard.press("Tab")
    await keyboard.type("Fay")
    await keyboard.press("Enter")
    await expect(fay.page.get_by_role("heading", level=1)).to_be_focused()
    await fay.looks_at("Service")
    await fay.page.get_by_role("heading", level=1).focus()
    for name in ("Send", "Start the meeting", "Lock the door"):  # panels are made one after the other
        await expect(fay.page.get_by_role("button", name=name, exact=True)).to_be_visible()
    named = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
    reached = set[str]()
    for _ in range(40):
        await keyboard.press("Tab")
        reached.add(await fay.page.evaluate(named))
    assert reached >= {"Quiet the room", "Get help now", "People", "Send", "Start the meeting", "Lock the door"}
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


async def test_whoever_reads_further_up_is_not_moved(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("Chat")
    for number in range(12):
        await fay.says(f"Message {number}")
    await bob.sees("Message 11")
    log = bob.page.get_by_role("log")
    await log.evaluate("log => { log.scrollTop = 0 }")
    await expect(bob.page.get_by_text("Message 0", exact=True)).to_be_in_viewport()
    await fay.says("And one more")
    await bob.sees("New below")
    assert await log.evaluate("log => log.scrollTop") == 0
    await bob.press("New below")
    await expect(bob.page.get_by_text("And one more", exact=True)).to_be_in_viewport()
    await fay.says("The last")
    await expect(bob.page.get_by_text("The last", exact=True)).to_be_in_viewport()


async def test_the_screen_stays_on_and_ones_own_time_chimes_if_one_wants_it(house: House) -> None:
    meeting = await house.a_meeting()
    fay, bob = await house.person(meeting.keys.host, DESKTOP), await house.person()
    await bob.page.add_init_script(
        """
        window.held = []; window.tones = 0
        navigator.wakeLock.request = async kind => { held.push(kind); return {release: async () => held.pop()} }
        const make = AudioContext.prototype.createOscillator
        AudioContext.prototype.createOscillator = function () { tones++; return make.call(this) }
        """
    )
    await fay.comes("Fay")
    await bob.comes("Bob")
    await bob.looks_at("You")
    assert await bob.page.evaluate("held") == ["screen"]
    await bob.page.get_by_label("A soft chime and a vibration when my own time changes").check()
    assert await bob.page.evaluate("tones") == 2, "it is heard when it is chosen"
    await bob.looks_at("Meeting")
    await fay.press("Start the meeting")
    await fay.press("Next: Sharing")
    await bob.press("Raise hand")
    await fay.press("Next: Bob")
    await bob.press("Begin")
    await bob.sees("You are sharing")
    house.served.pass_time(125_000)
    await bob.page.wait_for_function("tones === 4")
    await bob.sees("There is no hurry.", exact=False)
    await bob.looks_at("You")
    await bob.press("Leave the meeting")
    await bob.press("Leave now")
    await bob.sees("You have left")
    assert await bob.page.evaluate("held") == []
