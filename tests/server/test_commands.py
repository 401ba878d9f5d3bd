"""Commands and their answers (docs/protocol.md, "Commands")."""

from pathlib import Path

import pytest

from rooms.vocabulary import MAX_COMMAND_ID
from tests.server.kit import Served, serving


@pytest.mark.parametrize("text", [False, True])
async def test_a_ping_is_answered_with_the_rooms_time(served: Served, text: bool) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", text=text)
    await alice.send({"t": "ping"})
    pong = await alice.until("pong")
    assert alice.welcome["now"] <= pong["now"] <= served.clock()


async def test_the_author_gets_the_events_first_and_then_the_ack(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay = await served.comes("Fay", key=keys.host)
    await fay.does("start")
    *events, ack = fay.seen[1:]
    assert [event["t"] for event in events][:2] == ["started", "phase_began"]
    assert ack["seq"] == events[-1]["seq"]


async def test_a_command_sent_twice_is_carried_out_once(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    command = {"t": "say", "id": 5, "text": "once"}
    await alice.send(command)
    await alice.send(command)
    first, second = await alice.answer(5), await alice.answer(5)
    assert first == second
    assert [event["text"] for event in alice.events] == ["once"]


async def test_one_that_was_not_carried_out_still_may_be_though_a_later_one_was(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    for command in (7, 3, 7, 3):
        await alice.send({"t": "say", "id": command, "text": f"number {command}"})
        assert (await alice.answer(command))["t"] == "ack"
    assert [event["text"] for event in alice.events] == ["number 7", "number 3"]
    assert alice.events[0]["message"] == f"{alice.id}-7"


async def test_below_the_window_nobody_knows_any_more(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    alice.last = 99
    await alice.does("say", text="the hundredth")
    for command, code in ((36, "bad_message"), (37, None)):
        await alice.send({"t": "say", "id": command, "text": "late"})
        assert (await alice.answer(command)).get("code") == code


async def test_a_refused_command_may_be_asked_again_with_the_same_id(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    alice, fay = await served.comes("Alice"), await served.comes("Fay", key=keys.host)
    await alice.send({"t": "raise_hand", "id": 1})
    assert (await alice.answer(1))["code"] in {"queue_closed", "not_now"}
    await fay.does("start")
    await alice.send({"t": "raise_hand", "id": 1})
    assert (await alice.answer(1))["t"] == "ack"


async def test_one_that_changes_nothing_is_acknowledged_and_remembered(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay = await served.comes("Fay", key=keys.host)
    await fay.does("lock")
    locked = fay.events[-1]
    await fay.does("lock")
    assert fay.seen[-1] == {"t": "ack", "id": 2, "seq": locked["seq"]}
    assert (await served.resumes(fay)).welcome["last"] == 2


async def test_ids_go_up_to_the_greatest_that_browsers_know(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice", text=True)
    alice.last = MAX_COMMAND_ID - 1
    await alice.does("say", text="the last word")
    assert (await served.resumes(alice)).welcome["last"] == MAX_COMMAND_ID


async def test_everybody_else_hears_of_who_is_writing_and_nobody_hears_it_twice_a_second(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob", text=True)
    for on in (True, False, True):
        await alice.send({"t": "typing", "on": on})
    assert await bob.until("typing") == {"t": "typing", "who": alice.id, "on": True}
    await alice.does("say", text="Written")
    await bob.until("said")
    assert [message["t"] for message in bob.seen if message["t"] == "typing"] == ["typing"]
    assert [message["t"] for message in alice.seen] == ["welcome", "joined", "said", "ack"]
    served.pass_time(1000)
    await alice.send({"t": "typing", "on": False})
    assert (await bob.until("typing"))["on"] is False


async def test_nobody_hears_that_a_member_writes_whom_they_do_not_know(served: Served) -> None:
    keys = (await served.a_meeting(roster="service")).keys
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    fay = await served.comes("Fay", key=keys.host)
    await alice.send({"t": "typing", "on": True})
    await fay.send({"t": "typing", "on": True})
    assert (await bob.until("typing"))["who"] == fay.id


async def test_a_seat_has_a_budget_that_outlives_its_connection(tmp_path: Path) -> None:
    async with serving(tmp_path, commands_per_second=0.001, command_burst=3) as served:
        await served.a_meeting()
        alice = await served.comes("Alice")
        for _ in range(3):
            await alice.does("say", text="quick")
        refusal = await alice.ask("say", text="quicker")
        assert refusal["code"] == "too_fast"
        assert refusal["retry_after"] > 1
        again = await served.resumes(alice)
        assert await again.is_refused("say", text="still too quick") == "too_fast"
        served.clock.ahead += round(refusal["retry_after"] * 1000) + 1
        await again.does("say", text="well waited")


async def test_leaving_is_acknowledged_before_the_line_ends(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    await alice.does("leave")
    assert await alice.closing_code() == 1000
    assert (await bob.until("left"))["why"] == "left"
    again = await served.comes("Alice", seat=alice.welcome["seat"])
    assert again.id != alice.id


async def test_whoever_has_left_needs_a_name_to_come_again(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    await served.comes("Bob")
    await alice.does("leave")
    again = await served.connected()
    assert (await again.hello(seat=alice.welcome["seat"]))["code"] == "bad_name"
