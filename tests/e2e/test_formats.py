"""Rooms of other kinds, in real browsers: a circle, each picks the next, a speaker, a discreet room."""

from collections.abc import Sequence
from typing import Any

from playwright.async_api import expect

from tests.e2e.kit import DESKTOP, House, Person


async def a_meeting_of(house: House, *phases: dict[str, Any], names: Sequence[str], **rules: Any) -> list[Person]:
    """These have come, the facilitator first, and the meeting has started."""
    meeting = await house.served.a_meeting(*phases, **rules)
    people = [await house.person(None if number else meeting.keys.host, DESKTOP) for number in range(len(names))]
    for person, name in zip(people, names, strict=True):
        await person.comes(name)
        await person.looks_at("Meeting")
    await people[0].looks_at("Service")
    await people[0].press("Start the meeting")
    return people


async def test_in_a_circle_the_turn_goes_round_and_may_be_passed(house: House) -> None:
    phase = {"kind": "round", "title": "Circle", "minutes": 30, "order": "circle"}
    fay, ana, bob = await a_meeting_of(house, phase, names=["Fay", "Ana", "Bob"])
    await expect(bob.page.get_by_text("You are number 3.")).to_be_visible()
    await ana.press("Pass")
    await expect(bob.page.get_by_text("You are number 2.")).to_be_visible()
    await fay.press("Next: Fay")
    await fay.press("Begin")
    await bob.finds_no_barrier()
    await fay.press("Next: Bob")
    await bob.press("Begin")
    await fay.sees("Bob is sharing")


async def test_each_picks_the_next(house: House) -> None:
    phase = {"kind": "round", "title": "Sharing", "minutes": 30, "order": "pick"}
    fay, ana, bob = await a_meeting_of(house, phase, names=["Fay", "Ana", "Bob"])
    await fay.looks_at("People")
    await fay.press("More about Bob")
    await fay.press("Call Bob")
    await bob.press("Begin")
    await bob.page.get_by_label("Who is next?").select_option("Ana")
    await bob.finds_no_barrier()
    await bob.press("Hand on to Ana")
    await ana.sees("It is your turn")


async def test_the_speaker_is_called_by_name(house: House) -> None:
    phase = {"kind": "speaker", "title": "Speaker", "minutes": 20, "share_seconds": 900}
    fay, ana = await a_meeting_of(house, phase, names=["Fay", "Ana"])
    await fay.page.get_by_role("group").filter(has_text="Speaker").locator("summary").click()
    await fay.page.get_by_label("Reader or speaker").select_option("Ana")
    await fay.press("Set", within=fay.page.locator(".agenda"))
    await fay.press("Next: Ana")
    await ana.press("Begin")
    await fay.sees("Ana is sharing")
    await fay.finds_no_barrier()


async def test_in_a_discreet_room_members_see_who_serves_and_who_speaks(house: House) -> None:
    phase = {"kind": "round", "title": "Sharing", "minutes": 30}
    fay, ana, bob = await a_meeting_of(house, phase, names=["Fay", "Ana", "Bob"], roster="service")
    await fay.looks_at("People")
    await fay.sees("3 people")
    await ana.looks_at("People")
    people = ana.page.get_by_role("region", name="Who is here").get_by_role("listitem")
    await expect(people).to_have_count(2)
    await bob.press("Raise hand")
    hands = ana.page.get_by_role("region", name="Raised hands").get_by_role("listitem")
    await expect(hands).to_contain_text("Somebody")
    await bob.says("Good evening")
    await expect(ana.page.get_by_role("article").get_by_text("Bob")).to_be_visible()
    await expect(hands).to_contain_text("Bob")
    await fay.press("Next: Bob")
    await expect(people).to_have_count(3)
    await ana.finds_no_barrier()
