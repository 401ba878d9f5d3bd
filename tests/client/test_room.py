"""The client in a room: commands, state, events (client/room.py)."""

import asyncio
import logging
from typing import Any

import pytest

from client.coming_back import Closed
from client.commands import Commands
from client.events import EVENTS_UNREAD, Events, FellBehind
from client.room import RoomClient, connect
from client.wire import Subprotocol
from rooms.chat import Said
from rooms.room import WireCommand
from rooms.vocabulary import MessageId, Refused
from tests.client.kit import AT_ONCE, Site, all_hear, happens
from tests.server.kit import SECONDS

BOTH: tuple[Subprotocol, ...] = ("openchair.v1.msgpack", "openchair.v1.json")


def test_every_command_of_the_wire_is_a_method() -> None:
    methods = {name.rstrip("_") for name in vars(Commands) if not name.startswith("__")}
    assert methods == {command.__struct_config__.tag for command in WireCommand.__args__}


async def test_a_command_is_awaited_until_it_has_happened(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice")
    seq = await alice.say("Good evening")
    [message] = alice.state.messages.values()
    assert (message.text, message.seq) == ("Good evening", seq)


async def test_a_refusal_is_raised_with_its_code(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice")
    with pytest.raises(Refused) as refused:
        await alice.raise_hand()
    assert refused.value.code == "queue_closed"
    with pytest.raises(Refused) as refused:
        await alice.say("\x01" * 4000)
    assert refused.value.code == "too_long", "a message of more than 16 KiB would end the line"
    await alice.say("and goes on")


async def test_guards_and_names_of_fields_are_those_of_the_wire(site: Site) -> None:
    meeting = await site.a_meeting({"kind": "round"}, {"kind": "open"})
    fay, alice = await site.facilitates(meeting), await site.comes("Alice")
    await fay.start()
    await alice.raise_hand(topic="sleep")
    await fay.call(after=None)
    with pytest.raises(Refused, match="in the meantime"):
        await fay.call(after=None)
    with pytest.raises(Refused, match="in the meantime"):
        await fay.next_phase(from_=3)
    await alice.pass_()
    await fay.next_phase(from_=0)
    assert fay.state.phase == 1


async def holds_a_meeting(site: Site, fay: RoomClient, alice: RoomClient, bob: RoomClient) -> None:
    """All kinds of things happen; the last of it everybody may see."""
    await fay.start()
    await alice.raise_hand(topic="a good walk")
    await bob.raise_hand()
    await fay.call(after=None)
    await alice.begin()
    await alice.share("It rained, and I went anyway.")
    await bob.react(to=alice.state.floor.id if alice.state.floor else "", emoji="❤️", on=True)
    await fay.stop_clock()
    await fay.start_clock()
    await fay.add_time(30)
    await alice.done()
    await fay.say("Thank you", reply_to=None)
    await bob.say("May I ask something?", to="service")
    await alice.celebrate(3, "months")
    await bob.rename("Bobby")
    await fay.move_hand(bob.you, 0)
    await fay.role(alice.you, "timekeeper")
    await fay.add_person("Dora on the phone")
    await fay.pin(next(iter(fay.state.messages)))
    await fay.mute(bob.you)
    await fay.quiet()
    await fay.unquiet()
    await fay.chat("slow", every=5)
    await alice.role(alice.you, "member") if alice.me and alice.me.role == "facilitator" else None
    await all_hear(await fay.say("That was a lot."), fay, alice, bob)


@pytest.mark.parametrize("subprotocol", BOTH)
@pytest.mark.parametrize("roster", ["everyone", "service"])
async def test_the_state_is_what_a_fresh_snapshot_would_be(site: Site, subprotocol: Subprotocol, roster: str) -> None:
    meeting = await site.a_meeting({"kind": "round", "minutes": 45}, roster=roster, direct_messages="everyone")
    fay = await site.facilitates(meeting, subprotocol=subprotocol)
    alice = await site.comes("Alice", subprotocol=subprotocol)
    bob = await site.comes("Bob", subprotocol=subprotocol)
    await holds_a_meeting(site, fay, alice, bob)
    for client in (fay, alice, bob):
        site.sees_what_the_server_has(client)
        assert client.view().state == "running"


async def test_a_role_brings_a_snapshot_with_what_it_may_see(site: Site) -> None:
    meeting = await site.a_meeting({"kind": "round"}, waiting_room=True)
    fay = await site.facilitates(meeting)
    async with connect(site.link(), name="Alice", delays=AT_ONCE, wait=False) as alice:
        await happens(fay, lambda: fay.state.lobby)
        await fay.admit("all")
        await alice.inside()
        async with connect(site.link(), name="Bob", delays=AT_ONCE, wait=False):
            await happens(fay, lambda: fay.state.lobby)
            assert alice.state.lobby == {}
            await fay.role(alice.you, "greeter")
            await happens(alice, lambda: [knock.name for knock in alice.state.lobby.values()] == ["Bob"])
            await fay.role(alice.you, "member")
            await happens(alice, lambda: not alice.state.lobby)
            await all_hear(await fay.say("as before"), alice)
            site.sees_what_the_server_has(alice)


async def test_each_reader_hears_every_event_once_in_order(site: Site) -> None:
    await site.a_meeting()
    alice, bob = await site.comes("Alice"), await site.comes("Bob")
    readers = [bob.events(), bob.events()]
    for number in range(10):
        await alice.say(f"number {number}")
    await all_hear(alice.state.seq, bob)
    late = bob.events()
    await alice.say("the end")

    async def read(events: Events) -> list[str]:
        texts = list[str]()
        async with asyncio.timeout(SECONDS):
            async for event in events:
                if isinstance(event, Said):
                    texts.append(event.text)
                    if event.text == "the end":
                        break
        return texts

    expected = [*(f"number {number}" for number in range(10)), "the end"]
    assert [await read(reader) for reader in readers] == [expected, expected]
    assert await read(late) == ["the end"]


async def test_a_reader_who_does_not_read_is_told_so_and_holds_no_more_than_its_bound() -> None:
    events = Events()
    for seq in range(EVENTS_UNREAD):
        events.tell(Said(MessageId("m"), "", "everyone", seq=seq))
    assert (await anext(events)).seq == 0
    for seq in range(2):
        events.tell(Said(MessageId("m"), "", "everyone", seq=seq))
    with pytest.raises(FellBehind):
        await anext(events)
    events.tell(Said(MessageId("m"), "", "everyone"))
    with pytest.raises(FellBehind):
        await anext(events)


async def test_a_reader_that_is_forgotten_is_not_kept(site: Site) -> None:
    await site.a_meeting()
    alice = await site.comes("Alice")
    reader = alice.events()
    assert len(alice._readers) == 1
    del reader
    assert len(alice._readers) == 0


async def test_the_iteration_ends_with_the_meeting(site: Site) -> None:
    meeting = await site.a_meeting(fellowship_minutes=0)
    fay, alice = await site.facilitates(meeting), await site.comes("Alice")
    events = alice.events()
    await fay.start()
    await fay.end()
    async with asyncio.timeout(SECONDS):
        assert [event.__struct_config__.tag async for event in events][-1] == "ended"
    assert isinstance(alice.closed, Closed)
    assert alice.closed.code == 1000
    with pytest.raises(Closed):
        await alice.say("Is anybody here?")


async def test_the_clock_is_the_rooms(site: Site) -> None:
    site.served.clock.ahead = 7 * 24 * 3_600_000
    await site.a_meeting()
    alice = await site.comes("Alice")
    assert abs(alice.now() - site.served.clock()) < 1000


async def test_others_hear_that_somebody_is_writing(site: Site) -> None:
    await site.a_meeting()
    alice, bob = await site.comes("Alice"), await site.comes("Bob")
    await alice.typing(True)
    await happens(bob, lambda: bob.writing == {alice.you})
    await alice.say("There")
    await happens(bob, lambda: not bob.writing)


async def test_the_doors_are_waited_for(site: Site) -> None:
    await site.a_meeting(starts_in=3_600_000, doors_minutes=15)
    async with connect(site.link(), name="Alice", delays=AT_ONCE, wait=False) as alice:
        assert not alice.is_inside
        assert alice.waiting is not None
        assert (alice.waiting.reason, alice.waiting.meeting.name) == ("doors", "A circle")
        opens_at = alice.waiting.opens_at
        assert opens_at is not None
        assert 0 < opens_at - alice.now() <= 46 * 60_000
        asking = asyncio.ensure_future(alice.say("I am early"))
        site.served.pass_time(3_600_000)
        site.served.replicas[0].door._open_the_doors()
        async with asyncio.timeout(SECONDS):
            await asking
        assert alice.is_inside
        assert alice.waiting is None


async def test_whoever_is_not_let_in_learns_why(site: Site) -> None:
    await site.a_meeting(passcode="open sesame")
    for options, code in (
        ({"name": "Alice"}, "bad_passcode"),
        ({"name": "Alice", "link": site.link(key="wrong")}, "bad_key"),
        ({"name": "Alice", "link": site.link("elsewhere")}, "no_such_room"),
        ({"passcode": "open sesame"}, "bad_name"),
    ):
        with pytest.raises(Refused) as refused:
            await site.comes(**options)
        assert refused.value.code == code
    alice = await site.comes("Alice", site.link() + "#passcode=open%20sesame")
    assert alice.is_inside


async def test_an_address_where_nobody_answers_is_an_error_at_once(site: Site) -> None:
    with pytest.raises(OSError, match="cannot be reached"):
        await site.comes("Alice", "http://127.0.0.1:9/r/circle")
    with pytest.raises(Closed) as closed:
        await site.comes("Alice", f"http://127.0.0.1:{site.served.port}/nothing/r/circle")
    assert closed.value.code in {403, 404}


async def test_no_secret_reaches_a_log_or_an_error(
    site: Site, caplog: pytest.LogCaptureFixture, tmp_path: object
) -> None:
    caplog.set_level(logging.DEBUG)
    meeting = await site.a_meeting(passcode="open sesame")
    fay = await site.facilitates(meeting, name="Unforgettable Fay")
    await fay.say("unrepeatable words")
    fay.drop()
    await happens(fay, lambda: not fay.is_connected)
    await happens(fay, lambda: fay.is_connected)
    errors = list[Any]()
    for options in ({"passcode": "open barley"}, {"key": "barley"}):
        with pytest.raises(Refused) as refused:
            await site.comes("Alice", **options)
        errors += [refused.value, refused.value.__cause__, refused.value.__context__]
    told = caplog.text + repr(errors) + repr(fay)
    for secret in (meeting.keys.host, "sesame", "barley", "Unforgettable", "unrepeatable", fay.seat):
        assert secret not in told


async def test_leaving_the_context_leaves_no_task_behind(site: Site) -> None:
    await site.a_meeting()
    before = asyncio.all_tasks()
    async with connect(site.link(), name="Alice") as alice:
        reader = alice.events()
    assert not {task for task in asyncio.all_tasks() - before if "keep_the_line" in repr(task)}
    assert [event async for event in reader] == []
    with pytest.raises(Closed):
        await alice.say("too late")
