"""Who may do what: every command of protocol.md by every role."""

import msgspec
import pytest

from rooms import agenda, chat, floor, presence, safety
from rooms.presence import Join
from rooms.room import WireCommand
from rooms.vocabulary import Command, MessageId, ParticipantId, Role
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    COLIN,
    DORA,
    EVE,
    FAY,
    GRETA,
    TEAM,
    TIM,
    Meeting,
    a_meeting,
    a_phase,
    a_round,
)

WHO: dict[Role, ParticipantId] = {
    "facilitator": FAY,
    "cofacilitator": COLIN,
    "timekeeper": TIM,
    "greeter": GRETA,
    "member": CHARLIE,
}
EVERYBODY: set[Role] = set(WHO)
S: set[Role] = EVERYBODY - {"member"}
F: set[Role] = {"facilitator", "cofacilitator"}
T: set[Role] = {*F, "timekeeper"}
G: set[Role] = {*F, "greeter"}
PERSON = ParticipantId(f"{FAY}-2")  # without a device
MESSAGE = MessageId(f"{ALICE}-5")

# What each may do while Alice shares, Bob's hand is raised, Dora is muted and Eve waits at the door.
ALLOWED: list[tuple[Command, set[Role]]] = [
    (presence.Rename(name="Robin"), EVERYBODY),
    (presence.Leave(), EVERYBODY),
    (presence.Admit(who=EVE), G),
    (presence.Admit(who="all"), G),
    (presence.Deny(who=EVE), G),
    (presence.Deny(who="all"), G),
    (agenda.NextPhase(), F),
    (agenda.GoTo(phase=0), F),
    (agenda.AddMinutes(minutes=5), F),
    (agenda.End(), F),
    (floor.RaiseHand(), EVERYBODY),
    (floor.RaiseHand(who=PERSON), G | T),
    (floor.LowerHand(), EVERYBODY),
    (floor.LowerHand(who=BOB), T),
    (floor.MoveHand(who=BOB, place=0), T),
    (floor.Call(), T),
    (floor.Call(who=DORA), T),
    (floor.PutBack(who=ALICE), T),
    (floor.StopShare(), T),
    (floor.AddTime(seconds=30), T),
    (floor.StopClock(), T),
    (floor.StartClock(), T),
    (floor.CloseQueue(), T),
    (floor.OpenQueue(), T),
    (floor.SetShareTime(seconds=120), T),
    (chat.Say(text="For the team.", to="service"), EVERYBODY),
    (chat.Unsay(message=MESSAGE), G),
    (chat.React(to=MESSAGE, emoji="🙏", on=True), EVERYBODY),
    (chat.Pin(message=MESSAGE), G),
    (chat.Unpin(message=MESSAGE), G),
    (chat.Chat(mode="slow"), G),
    (safety.Mute(who=BOB), G),
    (safety.Unmute(who=DORA), G),
    (safety.Remove(who=BOB), G),
    (safety.Unblock(who="troll"), F),
    (safety.Lock(), S),
    (safety.Unlock(), S),
    (safety.QuietRoom(), S),
    (safety.Unquiet(), S),
    (presence.AddPerson(name="Grandma"), G | T),
    (presence.GiveRole(who=BOB, role="timekeeper"), F),
    (presence.GiveRole(who=BOB, role="greeter"), F),
    (presence.GiveRole(who=BOB, role="cofacilitator"), {"facilitator"}),
    (presence.GiveRole(who=BOB, role="facilitator"), set()),
    (presence.HandOver(who=BOB), {"facilitator"}),
    (agenda.Assign(phase=0, who=BOB), F),
    (chat.Celebrate(count=3, unit="months"), EVERYBODY),
    (safety.AskForHelp(), EVERYBODY),
    (safety.Report(who=BOB), EVERYBODY),
    (safety.SeeTo(requests=["nothing"]), EVERYBODY),
]
ELSEWHERE = {"start", "begin", "pass", "pick", "done", "share"}  # in tests of their own below


def label(command: Command) -> str:
    fields = {k: v for k, v in msgspec.to_builtins(command).items() if k not in {"t", "id"} and v is not None}
    return " ".join([str(command.__struct_config__.tag), *(f"{v}" for v in fields.values())])


@pytest.fixture
def meeting() -> Meeting:
    meeting = a_meeting(waiting_room=True)
    meeting.join(*WHO.values(), ALICE, BOB, DORA, EVE, ParticipantId("troll"))
    for name in (ALICE, BOB, CHARLIE, DORA, "troll"):
        meeting.ask(presence.Admit(who=name), FAY)
    meeting.commands = 0
    meeting.ask(agenda.Start(), FAY)
    meeting.ask(presence.AddPerson(name="Grandpa"), FAY)
    meeting.ask(safety.Mute(who=DORA), FAY)
    meeting.ask(safety.Remove(who="troll"), FAY)
    assert meeting.says(ALICE, "Good evening.") == MESSAGE
    meeting.shares(ALICE)
    meeting.ask(floor.RaiseHand(), BOB)
    return meeting


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize(("command", "roles"), [pytest.param(c, r, id=label(c)) for c, r in ALLOWED])
def test_a_role_may_or_is_not_allowed(meeting: Meeting, command: Command, roles: set[Role], role: Role) -> None:
    if role in roles:
        meeting.ask(command, WHO[role])
    else:
        assert meeting.refuses(command, WHO[role]) == "not_allowed"


def test_no_command_is_without_such_a_test() -> None:
    tested = {command.__struct_config__.tag for command, _ in ALLOWED} | ELSEWHERE | {"say", "unsay"}
    assert tested == {command.__struct_config__.tag for command in WireCommand.__args__}


@pytest.mark.parametrize("role", WHO)
def test_the_facilitators_start_the_meeting(role: Role) -> None:
    meeting = a_meeting()
    meeting.join(*WHO.values())
    if role in F:
        meeting.ask(agenda.Start(), WHO[role])
        assert meeting.room.state == "running"
    else:
        assert meeting.refuses(agenda.Start(), WHO[role]) == "not_allowed"


@pytest.mark.parametrize("role", WHO)
def test_the_called_begins_or_somebody_who_keeps_the_time(meeting: Meeting, role: Role) -> None:
    meeting.ask(floor.Call(), FAY)
    assert meeting.room.floor is not None
    if role in T:
        meeting.ask(floor.Begin(), WHO[role])
        assert meeting.room.floor.state == "sharing"
    else:
        assert meeting.refuses(floor.Begin(), WHO[role]) == "not_your_turn"


@pytest.mark.parametrize("command", [floor.Done(), floor.Pass(), floor.Pick(who=BOB), floor.WriteShare(text="Mine.")])
@pytest.mark.parametrize("role", WHO)
def test_only_who_has_the_floor_ends_or_writes_the_share(role: Role, command: Command) -> None:
    meeting = a_round(COLIN, TIM, GRETA, ALICE, BOB, CHARLIE, phase=a_phase(order="pick"))
    meeting.shares(ALICE)
    assert meeting.refuses(command, WHO[role]) == "not_your_turn"


@pytest.mark.parametrize("role", WHO)
def test_everybody_takes_back_what_is_their_own(role: Role) -> None:
    meeting = a_round(COLIN, TIM, GRETA, CHARLIE)
    message = meeting.says(WHO[role])
    meeting.ask(chat.Unsay(message=message), WHO[role])
    assert message not in meeting.room.messages


def team() -> Meeting:
    """With two of each, and nobody who could not be acted on for another reason."""
    meeting = a_round(COLIN, TIM, GRETA, ALICE, BOB, CHARLIE, DORA, EVE)
    for who, role in ((BOB, "cofacilitator"), (DORA, "timekeeper"), (EVE, "greeter")):
        meeting.ask(presence.GiveRole(who=who, role=role), FAY)  # type: ignore[arg-type]
    for who in meeting.room.participants:
        meeting.ask(floor.RaiseHand(), who)
    return meeting


OTHERS: dict[Role, ParticipantId] = {
    "facilitator": FAY,
    "cofacilitator": BOB,
    "timekeeper": DORA,
    "greeter": EVE,
    "member": ALICE,
}


@pytest.mark.parametrize("whom", OTHERS)
@pytest.mark.parametrize("role", ["facilitator", "cofacilitator", "timekeeper", "greeter"])
@pytest.mark.parametrize("command", [floor.LowerHand, safety.Mute, safety.Unmute, safety.Remove])
def test_nobody_acts_on_the_facilitator_and_greeters_and_the_timekeeper_on_members_only(
    command: type[floor.LowerHand | safety.Mute | safety.Unmute | safety.Remove], role: Role, whom: Role
) -> None:
    meeting, by, who = team(), WHO[role], OTHERS[whom]
    if who == by:
        return  # one's own hand is another rule
    may_at_all = T if command is floor.LowerHand else G
    if role in may_at_all and whom != "facilitator" and (role in F or whom == "member"):
        meeting.ask(command(who=who), by)
    else:
        assert meeting.refuses(command(who=who), by) == "not_allowed"


@pytest.mark.parametrize("whom", ["facilitator", "timekeeper", "member"])
def test_the_same_holds_for_those_whose_line_was_given_up(whom: Role) -> None:
    meeting, who = a_round(GRETA, TIM, CHARLIE), WHO[whom]
    meeting.goes_away(who)
    meeting.wait(120_000)
    assert who in meeting.room.gone
    if whom == "member":
        meeting.ask(safety.Remove(who=who), GRETA)
        assert meeting.refuses(Join(who=who, seat=who)) == "blocked"
    else:
        assert meeting.refuses(safety.Remove(who=who), GRETA) == "not_allowed"


@pytest.mark.parametrize("command", [command for command, _ in ALLOWED], ids=label)
def test_somebody_who_is_not_in_the_room_may_do_nothing(meeting: Meeting, command: Command) -> None:
    assert meeting.refuses(command, ParticipantId("nobody")) == "no_such_participant"


def test_role_keys_make_the_service_team() -> None:
    meeting = a_meeting()
    meeting.join(*TEAM)
    assert {who: p.role for who, p in meeting.room.participants.items()} == {**TEAM, COLIN: "cofacilitator"}
