"""Who hears what: live, on coming back, and in a snapshot alike (docs/design, invariant 5)."""

from typing import Any

from tests.server.client import Client
from tests.server.kit import Served


async def everybody_has_heard(speaker: Client, *others: Client) -> None:
    """Something that all may see, behind all that went before."""
    await speaker.does("say", text="the end")
    for person in others:
        await person.until("said", text="the end")


def texts(person: Client) -> list[str]:
    return [event["text"] for event in person.events if event["t"] == "said"]


async def test_messages_go_to_those_they_are_for(served: Served) -> None:
    keys = (await served.a_meeting(direct_messages="everyone")).keys
    fay = await served.comes("Fay", key=keys.host)
    alice, bob = await served.comes("Alice"), await served.comes("Bob", text=True)
    await alice.does("say", text="to all")
    await alice.does("say", text="to the team", to="service")
    await alice.does("say", text="to Bob", to=bob.id)
    await fay.does("say", text="to Alice", to=alice.id)
    await everybody_has_heard(fay, alice, bob)
    assert texts(alice) == ["to all", "to the team", "to Bob", "to Alice", "the end"]
    assert texts(bob) == ["to all", "to Bob", "the end"]
    assert texts(fay) == ["to all", "to the team", "to Alice", "the end"]
    for person in (alice, bob, fay):
        again = await served.resumes(person, **{**person.position, "since": None})
        assert [message["text"] for message in again.room["chat"]["messages"]] == texts(person)


async def test_somebody_who_resumes_gets_no_more_than_they_would_have_heard(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    bob = await served.comes("Bob")
    await bob.leave_the_line()
    await alice.does("say", text="to the team", to="service")
    await alice.does("ask_for_help", text="please")
    await fay.does("mute", who=alice.id)
    await everybody_has_heard(fay)
    again = await served.resumes(bob)
    await again.until("said", text="the end")
    assert {event["t"] for event in again.events} <= {"away", "returned", "said"}
    assert texts(again) == ["the end"]


async def test_one_who_joins_the_service_team_is_shown_the_room_anew(served: Served) -> None:
    keys = (await served.a_meeting(waiting_room=False)).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    await fay.does("say", text="before", to="service")
    await fay.does("role", who=alice.id, role="greeter")
    changed = await alice.until("role_changed")
    snapshot = await alice.receive()
    assert snapshot["t"] == "snapshot"
    assert (snapshot["seq"], snapshot["tag"]) == (changed["seq"], changed["tag"])
    assert snapshot["room"]["lobby"] == []
    await fay.does("say", text="among us", to="service")
    await alice.until("said", text="among us")
    await fay.does("role", who=alice.id, role="member")
    assert "lobby" not in (await alice.until("snapshot"))["room"]
    await fay.does("say", text="without you", to="service")
    await everybody_has_heard(fay, alice)
    assert texts(alice) == ["among us", "the end"]


async def test_a_discreet_roster_hides_who_is_here_in_every_event(served: Served) -> None:
    keys = (await served.a_meeting(roster="service")).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    bob = await served.comes("Bob")
    assert {person["name"] for person in bob.room["participants"]} == {"Fay", "Bob"}
    await bob.does("rename", name="Robert")
    charlie = await served.comes("Charlie")
    await charlie.leave_the_line()
    await fay.until("away")
    await alice.does("say", text="Hello")
    assert (await bob.until("said"))["name"] == "Alice"
    assert [event["t"] for event in alice.events] == ["said"]
    assert (await fay.sees("joined", who=charlie.id))["name"] == "Charlie"


async def test_a_newcomer_sees_nothing_of_before(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    await alice.does("say", text="among us")
    await fay.does("say", text="to be seen")
    await fay.does("pin", message=fay.events[-1]["message"])
    bob = await served.comes("Bob")
    shown = bob.room["chat"]["messages"]
    assert [message["text"] for message in shown] == ["to be seen"]


async def test_two_who_come_at_once_see_the_same_room_with_each_other_in_it(served: Served) -> None:
    await served.a_meeting()
    clients = [await served.connected(text=n % 2 == 0) for n in range(6)]
    for number, client in enumerate(clients):
        await client.send({"t": "hello", "name": f"Member {number}"})
    welcomes: list[dict[str, Any]] = [await client.until("welcome") for client in clients]
    last = max(welcomes, key=lambda welcome: int(welcome["seq"]))
    await clients[0].does("say", text="All here?")
    for client in clients:
        await client.sees("said")
    known = [
        {person["id"] for person in client.room["participants"]}
        | {e["who"] for e in client.events if e["t"] == "joined"}
        for client in clients
    ]
    assert known == [{welcome["you"] for welcome in welcomes}] * 6
    assert len(last["room"]["participants"]) == 6
