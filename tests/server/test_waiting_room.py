"""The waiting room: newcomers wait until somebody admits them (docs/protocol.md, "Connecting")."""

from tests.server.client import Client
from tests.server.kit import Served


async def knocks(served: Served, name: str, **fields: object) -> Client:
    client = await served.connected()
    waiting = await client.hello(name=name, **fields)
    assert (waiting["t"], waiting["reason"]) == ("waiting", "admission"), waiting
    return client


async def test_a_newcomer_waits_until_a_greeter_admits_them(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    alice = await knocks(served, "Alice")
    assert alice.seen == [
        {
            "t": "waiting",
            "reason": "admission",
            "place": 1,
            "now": alice.seen[0]["now"],
            "meeting": {"slug": "circle", "name": "A circle"},
        }
    ]
    knocked = await greta.until("knocked")
    assert knocked["name"] == "Alice"
    await greta.does("admit", who=knocked["who"])
    welcome = await alice.until("welcome")
    assert welcome["you"] == knocked["who"]
    assert {person["name"] for person in welcome["room"]["participants"]} == {"Greta", "Alice"}
    assert "lobby" not in welcome["room"]
    await alice.does("say", text="Thank you")
    assert (await greta.until("said"))["by"] == welcome["you"]


async def test_members_hear_nothing_of_who_waits(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    alice = await knocks(served, "Alice")
    await greta.does("admit", who="all")
    await alice.until("welcome")
    await knocks(served, "Bob")
    await greta.until("knocked", name="Bob")
    await greta.does("deny", who="all")
    await greta.does("say", text="Good evening")
    await alice.until("said")
    assert [event["t"] for event in alice.events] == ["said"]


async def test_who_waits_is_told_when_the_place_changes(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    alice, bob, charlie = [await knocks(served, name) for name in ("Alice", "Bob", "Charlie")]
    assert charlie.seen[-1]["place"] == 3
    await greta.does("admit", who=(await greta.sees("knocked", name="Alice"))["who"])
    assert (await bob.until("waiting"))["place"] == 1
    assert (await charlie.until("waiting"))["place"] == 2
    await bob.leave_the_line()
    assert (await charlie.until("waiting"))["place"] == 1
    assert (await greta.until("left"))["who"] == (await greta.sees("knocked", name="Bob"))["who"]
    assert (await alice.until("welcome"))["t"] == "welcome"


async def test_whoever_is_denied_may_knock_again_after_a_while(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    mallory = await knocks(served, "Mallory", device="a phone")
    await greta.does("deny", who="all")
    assert (await mallory.until("refused"))["code"] == "denied"
    assert await mallory.closing_code() == 4003
    again = await served.connected()
    refusal = await again.hello(name="Mallory", device="a phone")
    assert refusal["code"] == "denied"
    assert 0 < refusal["retry_after"] <= 30
    assert await again.closing_code() == 4003
    served.pass_time(30_000)
    await knocks(served, "Mallory", device="a phone")


async def test_seats_and_role_keys_come_straight_in(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    alice = await knocks(served, "Alice")
    await greta.does("admit", who="all")
    await alice.until("welcome")
    await alice.leave_the_line()
    assert (await served.resumes(alice)).id == alice.id


async def test_who_has_waited_long_enough_is_let_in_anyway(served: Served) -> None:
    await served.a_meeting(waiting_room=True, admit_after_seconds=60)
    alice = await knocks(served, "Alice")
    served.pass_time(60_000)
    assert (await alice.until("welcome"))["t"] == "welcome"


async def test_those_who_wait_are_told_when_the_meeting_is_over(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    fay = await served.comes("Fay", key=keys.host)
    alice = await knocks(served, "Alice")
    await fay.does("end")
    assert (await alice.until("refused"))["code"] == "ended"
    assert await alice.closing_code() == 1000


async def test_a_locked_room_lets_only_seats_and_role_keys_in(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    await fay.does("lock")
    bob = await served.connected()
    assert (await bob.hello(name="Bob"))["code"] == "locked"
    assert await bob.closing_code() == 4001
    await served.resumes(alice)
    await served.comes("Tim", key=keys.timekeeper)


async def test_who_is_admitted_and_removed_in_one_breath_is_let_go(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=True)).keys
    greta = await served.comes("Greta", key=keys.greeter)
    mallory = await knocks(served, "Mallory")
    who = (await greta.sees("knocked"))["who"]
    await greta.tell("admit", who=who)
    assert (await greta.ask("remove", who=who))["t"] == "ack"
    assert await mallory.closing_code() == 4003
