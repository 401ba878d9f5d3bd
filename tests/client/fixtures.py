"""Meetings as the page sees them, for the tests of client/web: snapshots, and the events between them.

`python -m tests.client.fixtures` writes them anew; `test_fixtures.py` holds them to the rules.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import Phase
from rooms.view import view
from rooms.vocabulary import ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, COLIN, DORA, FAY, GRETA, MINUTE, SECOND, Meeting, a_meeting, a_phase

FILE = Path(__file__).parents[2] / "client/web/tests/fixtures/meetings.json"
PHASES = (
    Phase(kind="reading", title="Welcome", minutes=5, post=("We listen.",)),
    a_phase(share_seconds=60, warn_seconds=20, grace_seconds=10),
    Phase(kind="open", title="Talking", minutes=10, chat="slow"),
    a_phase(order="circle", auto_call=True, minutes=5),
)


def an_evening(meeting: Meeting) -> Iterator[None]:  # noqa: PLR0915
    """Everything that can happen in a room, one thing after the other."""
    ask, room = meeting.ask, meeting.room
    yield
    said = meeting.says(ALICE, "Hello")
    reply = chat.Say(text="Hello Alice", reply_to=said)
    ask(reply, BOB)
    meeting.says(ALICE, "A question", to="service")
    meeting.says(BOB, "Only for you", to=ALICE)
    ask(chat.React(to=said, emoji="❤️", on=True), BOB)
    ask(chat.Pin(message=said), GRETA)
    yield
    meeting.wait(20 * MINUTE)
    ask(agenda.Start(), FAY)
    ask(agenda.Assign(phase=0, who=BOB), FAY)
    meeting.join(CHARLIE)
    if room.lobby:
        meeting.join(DORA)
        ask(presence.Deny(who=DORA), GRETA)
        ask(presence.Admit(who="all"), GRETA)
    ask(presence.Rename(name="Charles"), CHARLIE)
    yield
    ask(agenda.NextPhase(from_=0), FAY)
    ask(floor.RaiseHand(topic="sleep"), ALICE)
    ask(floor.RaiseHand(), BOB)
    phone = meeting.add_person("Pia")
    ask(floor.RaiseHand(who=phone), GRETA)
    ask(floor.MoveHand(who=phone, place=0), COLIN)
    yield
    ask(floor.Call(after=None), FAY)
    ask(floor.PutBack(who=phone), FAY)
    ask(floor.Call(who=ALICE), FAY)
    ask(floor.Begin(), ALICE)
    ask(floor.WriteShare(text="First"), ALICE)
    ask(floor.WriteShare(text="Second"), ALICE)
    share = room.floor.id if room.floor else ""
    ask(chat.React(to=share, emoji="🙏", on=True), FAY)
    meeting.wait(45 * SECOND)
    yield
    ask(floor.AddTime(seconds=60), FAY)
    ask(floor.StopClock(), FAY)
    ask(safety.QuietRoom(), GRETA)
    meeting.wait(10 * SECOND)
    yield
    ask(safety.Unquiet(), GRETA)
    ask(floor.StartClock(), FAY)
    meeting.wait(77 * SECOND)
    ask(floor.Done(), ALICE)
    ask(chat.Celebrate(count=3, unit="months"), BOB)
    ask(floor.SetShareTime(seconds=120), FAY)
    ask(floor.CloseQueue(), FAY)
    yield
    meeting.goes_away(BOB)
    meeting.wait(MINUTE)
    meeting.comes_back(BOB)
    ask(safety.Mute(who=BOB), GRETA)
    ask(safety.Report(who=BOB, text="Too loud"), ALICE)
    ask(safety.AskForHelp(text="Please"), ALICE)
    ask(safety.AskForHelp(), CHARLIE)
    ask(safety.Lock(), GRETA)
    yield
    ask(safety.SeeTo(requests=[list(room.requests)[1]]), GRETA)
    for n in range(4):
        ask(safety.AskForHelp(text=f"Please {n}"), CHARLIE)
    ask(safety.Unmute(who=BOB), GRETA)
    ask(presence.GiveRole(who=BOB, role="timekeeper"), FAY)
    ask(chat.Unpin(message=said), GRETA)
    ask(chat.Unsay(message=said), ALICE)
    ask(chat.Unsay(message=share), ALICE)
    ask(agenda.GoTo(phase=2, from_=1), FAY)
    ask(agenda.AddMinutes(minutes=5), FAY)
    yield
    ask(agenda.GoTo(phase=3, from_=2), FAY)
    meeting.wait(MINUTE)
    ask(safety.Remove(who=BOB), FAY)
    ask(safety.Unblock(who=BOB), FAY)
    ask(safety.Unlock(), FAY)
    ask(presence.HandOver(who=COLIN), FAY)
    meeting.wait(30 * MINUTE)
    yield
    ask(agenda.End(), COLIN)
    meeting.wait(MINUTE)
    ask(presence.Leave(), FAY)
    yield
    ask(agenda.End(), COLIN)
    yield


Viewer = tuple[str, ParticipantId, dict[str, Any]]
VIEWERS: tuple[Viewer, ...] = (
    ("a member", CHARLIE, {}),
    ("a member who was there first", ALICE, {"history": "all"}),
    ("a member of a discreet room", ALICE, {"roster": "service"}),
    ("the facilitator", COLIN, {"direct_messages": "everyone"}),
    ("a greeter", GRETA, {"waiting_room": True}),
)


def as_seen_by(who: ParticipantId, rules: dict[str, Any], evening: Callable[[Meeting], Iterator[None]]) -> list[Any]:
    """`[snapshot, events, snapshot, events, …, snapshot]`, from when `who` is in the room until they are not."""
    meeting = a_meeting(*PHASES, minutes=90, **{"crosstalk": "chat", "direct_messages": "everyone", **rules})
    meeting.join(FAY, COLIN, GRETA, ALICE, BOB)
    if meeting.room.lobby:
        meeting.ask(presence.Admit(who="all"), FAY)
    seen: list[Any] = []
    told = 0
    for _ in evening(meeting):
        if who not in meeting.room.participants:
            told = len(meeting.log)
            if seen:
                break
            continue
        if seen:
            events = [event for event, audience in meeting.log[told:] if meeting.room.may_see(who, event.seq, audience)]
            seen.append(msgspec.to_builtins(events))
        told = len(meeting.log)
        seen.append({"now": meeting.now, "room": msgspec.to_builtins(view(meeting.room, who, meeting.now))})
    return seen


def made() -> bytes:
    meetings = [
        {"viewer": viewer, "you": who, "steps": as_seen_by(who, rules, an_evening)} for viewer, who, rules in VIEWERS
    ]
    return b"[\n" + b",\n".join(map(msgspec.json.encode, meetings)) + b"\n]\n"


if __name__ == "__main__":
    FILE.write_bytes(made())
