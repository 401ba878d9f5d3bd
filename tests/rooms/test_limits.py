"""What a room keeps is bounded, whatever people send."""

from rooms.agenda import Limits, Open, Start
from rooms.chat import Celebrate, Pin, Unsay
from rooms.floor import RaiseHand, WriteShare
from rooms.formats import Format
from rooms.presence import Deny, Join, Leave
from rooms.safety import AskForHelp, Report
from rooms.vocabulary import ParticipantId, RoomId
from tests.kit import ALICE, BOB, CHARLIE, DORA, FAY, MINUTE, NOON, TIM, Meeting, a_phase, named


def a_small_room(limits: Limits, waiting_room: bool = False) -> Meeting:
    meeting = Meeting()
    room = Format(phase=(a_phase(minutes=None),), waiting_room=waiting_room)
    meeting.ask(Open(RoomId("small.1"), "small", "Small", "UTC", room, NOON, NOON + 60 * MINUTE, limits=limits))
    meeting.join(FAY)
    return meeting


def started(limits: Limits, *people: ParticipantId) -> Meeting:
    meeting = a_small_room(limits)
    meeting.join(*people)
    meeting.ask(Start(), FAY)
    return meeting


def test_the_limits() -> None:
    limits = Limits()
    assert (limits.participants, limits.lobby, limits.hands, limits.messages) == (5000, 200, 500, 1000)
    assert (limits.pins, limits.paragraphs, limits.celebrations, limits.requests) == (20, 200, 100, 100)


def test_so_many_participants() -> None:
    meeting = a_small_room(Limits(participants=3))
    meeting.join(ALICE, BOB)
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "full"
    assert named(meeting.join(TIM)) == ["joined"]  # with a key


def test_those_who_are_gone_do_not_keep_others_out_the_longest_gone_become_newcomers() -> None:
    meeting = a_small_room(Limits(participants=2))
    for who in (ALICE, BOB, CHARLIE):
        meeting.join(who)
        meeting.goes_away(who)
        meeting.wait(2 * MINUTE)
    assert list(meeting.room.gone) == [BOB, CHARLIE]
    assert named(meeting.comes_back(CHARLIE)) == ["joined"]
    meeting.ask(Leave(), CHARLIE)
    meeting.ask(Join(who=DORA, seat=ALICE, name="Alice"))
    assert set(meeting.room.participants) == {FAY, DORA}


def test_so_many_at_the_door() -> None:
    meeting = a_small_room(Limits(lobby=2), waiting_room=True)
    meeting.join(ALICE, BOB)
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "full"


def test_so_many_hands() -> None:
    meeting = started(Limits(hands=1), ALICE, BOB)
    meeting.ask(RaiseHand(), ALICE)
    assert meeting.refuses(RaiseHand(), BOB) == "full"


def test_so_many_messages_the_oldest_are_forgotten_and_the_pinned_are_not() -> None:
    meeting = started(Limits(messages=3), ALICE)
    messages = [meeting.says(ALICE, "0")]
    meeting.ask(Pin(message=messages[0]), FAY)
    messages += [meeting.says(ALICE, str(n)) for n in range(1, 6)]
    assert list(meeting.room.messages) == [messages[0], *messages[-2:]]
    assert meeting.refuses(Unsay(message=messages[1]), ALICE) == "no_such_message"
    assert meeting.replayed() == meeting.room


def test_so_many_pins() -> None:
    meeting = started(Limits(pins=2), ALICE)
    for _ in range(2):
        meeting.ask(Pin(message=meeting.says(ALICE)), FAY)
    assert meeting.refuses(Pin(message=meeting.says(ALICE)), FAY) == "full"


def test_so_many_paragraphs_of_one_share() -> None:
    meeting = started(Limits(paragraphs=2), ALICE, BOB)
    meeting.shares(ALICE)
    for _ in range(2):
        meeting.ask(WriteShare(text="And then."), ALICE)
    assert meeting.refuses(WriteShare(text="And then."), ALICE) == "too_long"
    meeting.shares(BOB)
    meeting.ask(WriteShare(text="And I."), BOB)


def test_so_many_milestones_the_oldest_are_forgotten() -> None:
    meeting = started(Limits(celebrations=2), ALICE)
    for count in (1, 2, 3):
        meeting.ask(Celebrate(count=count, unit="years"), ALICE)
    assert [c.count for c in meeting.view(FAY).celebrations] == [2, 3]


def test_so_many_calls_for_help_that_nobody_has_seen_to_the_oldest_are_forgotten() -> None:
    meeting = started(Limits(requests=2), ALICE, BOB, CHARLIE)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(AskForHelp(), who)
    assert [asked.by for asked in meeting.room.requests.values()] == [BOB, CHARLIE]


def test_who_calls_again_and_again_makes_nobody_elses_call_forgotten() -> None:
    meeting = started(Limits(), ALICE, BOB)
    meeting.ask(AskForHelp(text="It is me."), BOB)
    for n in range(5):
        meeting.ask(AskForHelp(text=str(n)), ALICE)
    assert [asked.text for asked in meeting.room.requests.values()] == ["It is me.", "2", "3", "4"]
    for n in range(3):
        meeting.ask(Report(who=ALICE, text=str(n)), BOB)
    assert next(iter(meeting.room.requests.values())).text == "It is me.", "nor do reports one's own call"


def test_those_who_were_turned_away_are_forgotten_after_their_time() -> None:
    meeting = a_small_room(Limits(), waiting_room=True)
    for n in range(5):
        meeting.ask(Join(who=ParticipantId(f"p{n}"), name=f"Person {n}"))
        meeting.ask(Deny(who="all"), FAY)
        meeting.wait(MINUTE)
    assert len(meeting.room.denied) == 1
