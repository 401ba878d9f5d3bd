"""Lines that break and come back: seats, positions, blinks (docs/design, "Coming back", "Presence")."""

import asyncio
from pathlib import Path

import pytest

from tests.server.client import Message
from tests.server.kit import SECONDS, Served, serving


async def test_a_seat_that_comes_back_gets_exactly_what_it_missed(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    await alice.until("joined", who=bob.id)
    await alice.leave_the_line()
    for text in ("one", "two"):
        await bob.does("say", text=text)
    again = await served.resumes(alice)
    assert again.id == alice.id
    assert again.welcome["resumed"] is True
    assert "room" not in again.welcome
    await again.does("say", text="three")
    heard = [event["text"] for event in again.events if event["t"] == "said"]
    assert heard == ["one", "two", "three"]
    seqs = [event["seq"] for event in again.events]
    assert seqs == list(range(alice.position["since"] + 1, seqs[-1] + 1))


async def test_the_position_of_a_welcome_is_the_head(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    again = await served.resumes(alice)
    await again.does("say", text="next")
    assert again.events[-1]["seq"] == again.welcome["seq"] + 1


@pytest.mark.parametrize(
    "wrong", [{"epoch": "another"}, {"tag": "00000000"}, {"since": 10_000}, {"since": -1}, {"since": 0}, {"tag": None}]
)
async def test_a_position_that_is_not_ours_gets_a_fresh_snapshot(served: Served, wrong: dict[str, object]) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    await alice.does("say", text="before")
    again = await served.resumes(alice, **wrong)
    assert again.id == alice.id
    assert again.welcome["resumed"] is False
    assert [message["text"] for message in again.room["chat"]["messages"]] == ["before"]


async def test_a_position_that_is_too_old_gets_a_fresh_snapshot(tmp_path: Path) -> None:
    async with serving(tmp_path, room_events=10, command_burst=1000) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        await alice.leave_the_line()
        for number in range(25):
            await bob.does("say", text=f"number {number}")
        again = await served.resumes(alice)
        assert again.welcome["resumed"] is False
        assert len(again.room["chat"]["messages"]) == 25
        assert "lost" not in again.welcome
        saw_what_is_not_true = await served.resumes(alice, tag="00000000")
        assert saw_what_is_not_true.welcome["lost"] is True


async def test_nobody_notices_a_blink(tmp_path: Path) -> None:
    async with serving(tmp_path, blink_seconds=60) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        for _ in range(3):
            await alice.leave_the_line()
            alice = await served.resumes(alice)
        await alice.does("say", text="I was here all along")
        assert (await bob.until("said"))["seq"] == bob.welcome["seq"] + 1


async def test_a_longer_silence_is_away_and_keeps_everything(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    await fay.does("start")
    await alice.does("raise_hand")
    await alice.leave_the_line()
    assert (await fay.until("away"))["who"] == alice.id
    served.pass_time(60_000)
    again = await served.resumes(alice)
    assert again.welcome["resumed"] is True
    assert (await fay.until("returned"))["who"] == alice.id
    await fay.does("call")
    assert (await again.until("called"))["who"] == alice.id


async def test_after_away_seconds_a_seat_comes_back_as_the_same_participant_without_its_hand(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice")
    await fay.does("start")
    await alice.does("raise_hand")
    await alice.leave_the_line()
    await fay.until("away")
    served.pass_time(300_000)
    assert (await fay.until("left"))["why"] == "gone"
    again = await served.resumes(alice)
    assert again.id == alice.id
    assert again.welcome["resumed"] is False
    assert again.welcome["last"] == 1
    assert again.room["queue"]["hands"] == []
    assert (await fay.until("joined"))["who"] == alice.id


async def test_a_seat_on_a_second_device_takes_the_line_over(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    phone = await served.comes(seat=alice.welcome["seat"], text=True)
    assert phone.id == alice.id
    assert await alice.closing_code() == 4009
    await phone.does("say", text="From the phone")
    assert (await bob.until("said"))["by"] == alice.id
    assert [event["t"] for event in bob.events] == ["said"], "nobody hears of the change"


async def test_what_was_carried_out_on_the_old_line_is_not_repeated_on_the_new(served: Served) -> None:
    await served.a_meeting()
    alice = await served.comes("Alice")
    command = await alice.tell("say", text="did it arrive?")
    await alice.answer(command)
    await alice.leave_the_line()
    again = await served.resumes(alice)
    assert again.welcome["last"] == command
    await again.send({"t": "say", "id": command, "text": "did it arrive?"})
    assert (await again.answer(command))["t"] == "ack"
    assert [event["t"] for event in again.events] == ["away", "returned"]


async def test_what_was_taken_back_in_the_meantime_is_told_without_its_text(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    await alice.leave_the_line()
    await bob.does("say", text="I regret this")
    said = bob.events[-1]
    await bob.does("unsay", message=said["message"])
    again = await served.resumes(alice)
    await again.until("unsaid")
    assert "said" not in [event["t"] for event in again.events]
    assert "I regret this" not in str(again.seen)


async def test_a_removed_person_does_not_resume(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice", device="a phone")
    await fay.does("remove", who=alice.id)
    assert (await alice.until("removed"))["who"] == alice.id
    assert await alice.closing_code() == 4003
    for hello in (
        {"seat": alice.welcome["seat"], **alice.position},
        {"name": "Somebody else", "device": "a phone"},
        {"name": "Fay", "key": keys.host, "device": "a phone"},
    ):
        again = await served.connected()
        assert (await again.hello(**hello))["code"] == "blocked"
        assert await again.closing_code() == 4003
    await fay.does("unblock", who=alice.id)
    assert (await served.comes("Alice", device="a phone")).id != alice.id


async def test_somebody_removed_without_a_block_is_a_newcomer(served: Served) -> None:
    keys = (await served.a_meeting()).keys
    fay, alice = await served.comes("Fay", key=keys.host), await served.comes("Alice", device="a phone")
    await fay.does("remove", who=alice.id, block=False)
    assert await alice.closing_code() == 4003
    again = await served.comes("Alice", seat=alice.welcome["seat"], device="a phone")
    assert again.id != alice.id


@pytest.mark.parametrize(
    ("seconds", "resumed", "the_others_hear"),
    [(1, True, []), (60, True, ["away", "returned"]), (300, False, ["away", "left", "joined"])],
)
async def test_a_line_that_died_without_a_word_is_back(
    tmp_path: Path, seconds: int, resumed: bool, the_others_hear: list[str]
) -> None:
    async with serving(tmp_path, blink_seconds=5 if seconds < 5 else 0) as served:
        await served.a_meeting()
        bob, alice = await served.comes("Bob"), await served.comes("Alice")
        await bob.until("joined", who=alice.id)
        heard = len(bob.events)
        await alice.leave_the_line()
        for t in the_others_hear[:1]:
            await bob.until(t)
        served.pass_time(seconds * 1000)
        for t in the_others_hear[1:-1]:
            await bob.until(t)
        again = await served.resumes(alice)
        assert (again.id, again.welcome["resumed"]) == (alice.id, resumed)
        await again.does("say", text="Here I am")
        await bob.until("said", by=alice.id)
        assert [event["t"] for event in bob.events[heard:]] == [*the_others_hear, "said"]
        assert {event["who"] for event in bob.events[heard:-1]} <= {alice.id}


async def test_an_old_position_gets_everything_since_once_more(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    position = alice.position
    for number in range(5):
        await bob.does("say", text=f"number {number}")
    await alice.until("said", text="number 4")
    again = await served.resumes(alice, **position)
    await again.does("say", text="number 5")
    heard = [event for event in again.events if event["t"] == "said"]
    assert [event["text"] for event in heard] == [f"number {number}" for number in range(6)]
    assert heard[:5] == [event for event in alice.events if event["t"] == "said"]


async def test_a_seat_that_comes_twice_at_once_is_one_participant_on_one_line(served: Served) -> None:
    await served.a_meeting()
    alice, bob = await served.comes("Alice"), await served.comes("Bob")
    lines = [await served.connected(text=number % 2 == 0) for number in range(6)]
    await asyncio.gather(
        *(line.send({"t": "hello", "seat": alice.welcome["seat"], **alice.position}) for line in lines)
    )
    assert [(await line.until("welcome"))["you"] for line in lines] == [alice.id] * 6
    ends = {asyncio.create_task(line.closing_code()): line for line in [alice, *lines]}
    left = set(ends)
    async with asyncio.timeout(SECONDS):
        while len(left) > 1:
            ended, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            assert [end.result() for end in ended] == [4009] * len(ended)
    [goes_on] = left
    goes_on.cancel()
    await asyncio.wait(left)
    line = ends[goes_on]
    await line.does("say", text="One of me")
    await bob.until("said", text="One of me")
    assert [event["t"] for event in bob.events] == ["said"], "nobody hears of the change"
    assert len((await served.comes("Charlie")).room["participants"]) == 3


async def test_two_devices_that_take_the_seat_from_each_other_lose_nothing(served: Served) -> None:
    await served.a_meeting()
    laptop, bob = await served.comes("Alice"), await served.comes("Bob")
    phone = await served.comes(seat=laptop.welcome["seat"], text=True)
    assert await laptop.closing_code() == 4009
    await phone.does("say", text="From the phone")
    laptop = await served.resumes(laptop)
    assert await phone.closing_code() == 4009
    await laptop.sees("said", text="From the phone")
    laptop.last = laptop.welcome["last"]
    await laptop.does("say", text="From the laptop")
    await bob.until("said", text="From the laptop")
    assert {event["by"] for event in bob.events if event["t"] == "said"} == {laptop.id}


async def test_commands_whose_answers_were_lost_are_carried_out_once(tmp_path: Path) -> None:
    async with serving(tmp_path, command_burst=100) as served:
        await served.a_meeting()
        alice, bob = await served.comes("Alice"), await served.comes("Bob")
        sent: list[Message] = [{"t": "say", "id": n, "text": f"number {n}"} for n in range(1, 21)]
        for lost in range(0, 20, 5):  # each line dies with five commands on their way, which may have arrived or not
            for command in sent[lost : lost + 5]:
                await alice.send(command)
            await alice.leave_the_line()
            alice = await served.resumes(alice)
            for command in sent[alice.welcome["last"] : lost + 5]:
                await alice.send(command)
                assert (await alice.answer(command["id"]))["t"] == "ack"
        for command in sent:  # and all of them once more
            await alice.send(command)
            assert (await alice.answer(command["id"]))["t"] == "ack"
        await bob.until("said", text="number 20")
        for person in (alice, bob):
            texts = [event["text"] for event in person.events if event["t"] == "said"]
            assert texts == [command["text"] for command in sent][-len(texts) :]
        assert len(texts) == 20


async def test_after_the_server_was_started_again_the_clients_come_back_to_the_meeting(tmp_path: Path) -> None:
    """The log was in its memory: the room begins anew, and whoever comes with an old seat is let in with the name."""
    async with serving(tmp_path, drain_seconds=0.1) as served:
        keys = (await served.a_meeting(passcode="sesame")).keys
        fay = await served.comes("Fay", key=keys.host)
        alice = await served.comes("Alice", passcode="sesame")
        room = alice.room["id"]
        await alice.does("say", text="Before")
        served.server.should_exit = True
        assert [await fay.closing_code(), await alice.closing_code()] == [1012, 1012]
    async with serving(tmp_path) as served:
        fay_again = await served.comes("Fay", key=keys.host, seat=fay.welcome["seat"], **fay.position)
        hello = {"name": "Alice", "passcode": "sesame", "seat": alice.welcome["seat"], **alice.position}
        again = await served.comes(room=room, **hello)
        assert (again.welcome["resumed"], again.welcome["last"]) == (False, 0)
        assert again.welcome["epoch"] != alice.welcome["epoch"]
        assert fay_again.welcome["role"] == "facilitator"
        assert again.room["chat"]["messages"] == []
        await again.does("say", text="After")
        await fay_again.until("said", text="After")
