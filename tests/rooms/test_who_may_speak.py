"""Who may speak when: the chat's mode, the format's crosstalk, private messages, the muted, and roles."""

from itertools import product
from typing import Any, get_args

import pytest

from rooms.chat import Chat, ChatChanged, Said, Say
from rooms.floor import Call
from rooms.formats import Crosstalk, DirectMessages
from rooms.safety import Mute
from rooms.vocabulary import ChatMode, Code, ParticipantId, Refused
from tests.kit import ALICE, BOB, CHARLIE, COLIN, FAY, GRETA, SECOND, TIM, Meeting, a_meeting, a_round, a_share, the

MODES: tuple[ChatMode, ...] = get_args(ChatMode)
CROSSTALK: tuple[Crosstalk, ...] = get_args(Crosstalk)
DIRECT: tuple[DirectMessages, ...] = get_args(DirectMessages)
MEMBER, SHARER, TEAM = BOB, ALICE, TIM  # who asks


def a_chat(mode: ChatMode, crosstalk: Crosstalk, shares: bool, direct_messages: DirectMessages = "service") -> Meeting:
    rules: dict[str, Any] = {"crosstalk": crosstalk, "direct_messages": direct_messages, "chat": mode}
    people = (ALICE, BOB, CHARLIE, TIM, GRETA)
    return a_share(*people, **rules) if shares else a_round(*people, **rules)


def answer(meeting: Meeting, who: ParticipantId, to: str = "everyone") -> Code | None:
    """The refusal, if there is one."""
    try:
        meeting.ask(Say(text="Good evening.", to=to), who)
    except Refused as refusal:
        return refusal.code
    return None


def to_everyone(mode: ChatMode, crosstalk: Crosstalk, shares: bool, who: ParticipantId) -> Code | None:
    """What the protocol says."""
    if mode == "closed" or (mode == "service" and who != TEAM):
        return "chat_closed"
    if shares and who == MEMBER and crosstalk != "chat":
        return "chat_closed"
    return None


@pytest.mark.parametrize("who", [MEMBER, SHARER, TEAM])
@pytest.mark.parametrize("shares", [False, True], ids=["nobody-shares", "alice-shares"])
@pytest.mark.parametrize(("mode", "crosstalk"), [*product(MODES, CROSSTALK)])
def test_saying_something_to_everyone(mode: ChatMode, crosstalk: Crosstalk, shares: bool, who: ParticipantId) -> None:
    assert answer(a_chat(mode, crosstalk, shares), who) == to_everyone(mode, crosstalk, shares, who)


def test_crosstalk_holds_while_somebody_shares_and_not_while_somebody_is_called() -> None:
    meeting = a_round(ALICE, BOB, crosstalk="off")
    meeting.ask(Call(who=ALICE), FAY)
    meeting.says(BOB)
    meeting.ask(Call(who=FAY), FAY)
    meeting.says(BOB)


@pytest.mark.parametrize("mode", MODES)
def test_the_muted_say_nothing_whatever_the_mode(mode: ChatMode) -> None:
    meeting = a_chat(mode, "chat", shares=False)
    meeting.ask(Mute(who=BOB), FAY)
    assert answer(meeting, BOB) == "muted"
    assert answer(meeting, BOB, to=CHARLIE) == "muted"
    assert answer(meeting, BOB, to="service") is None


# Privately


def private(direct: DirectMessages, by: ParticipantId, to: str) -> Code | None:
    """What the protocol says of a message from `by` to the service team or to one person."""
    with_the_team = to in {"service", GRETA, TIM} or by == TIM
    if direct == "everyone" or (direct == "service" and with_the_team) or (by == TIM and to == "service"):
        return None
    return "not_allowed"


WRITINGS = [*product([BOB], ["service", GRETA, TIM, ALICE, CHARLIE]), *product([TIM], ["service", GRETA, CHARLIE])]


@pytest.mark.parametrize("direct", DIRECT)
@pytest.mark.parametrize(("by", "to"), WRITINGS)
def test_writing_privately(direct: DirectMessages, by: ParticipantId, to: str) -> None:
    meeting = a_chat("open", "chat", shares=False, direct_messages=direct)
    assert answer(meeting, by, to) == private(direct, by, to)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("to", ["service", GRETA])
def test_private_messages_do_not_depend_on_the_mode_nor_on_who_shares(mode: ChatMode, to: str) -> None:
    assert answer(a_chat(mode, "off", shares=True), BOB, to) is None


def test_nobody_writes_to_somebody_who_is_not_in_the_room() -> None:
    meeting = a_round(BOB, direct_messages="everyone")
    assert meeting.refuses(Say(text="Hello", to="nobody"), BOB) == "no_such_participant"


def test_one_may_write_to_somebody_who_is_away() -> None:
    meeting = a_round(BOB, CHARLIE, direct_messages="everyone")
    meeting.goes_away(CHARLIE)
    assert meeting.says(BOB, "See you soon?", to=CHARLIE)


# What is said


def test_what_is_said_is_told_as_it_was_written_without_space_around_it() -> None:
    meeting = a_round(BOB)
    said = the(Said, meeting.ask(Say(text=" Good evening.\nI am Bob. \n"), BOB))
    assert (said.text, said.to, said.by, said.reply_to) == ("Good evening.\nI am Bob.", "everyone", BOB, None)


def test_nothing_is_no_message() -> None:
    assert a_round(BOB).refuses(Say(text=" \n\t"), BOB) == "bad_message"


def test_a_reply_is_to_a_message_that_one_may_see() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, direct_messages="everyone")
    message, secret = meeting.says(ALICE), meeting.says(ALICE, "Are you all right?", to=CHARLIE)
    assert the(Said, meeting.ask(Say(text="Good evening to you.", reply_to=message), BOB)).reply_to == message
    assert meeting.refuses(Say(text="What?", reply_to=secret), BOB) == "no_such_message"
    assert meeting.refuses(Say(text="What?", reply_to="nothing"), BOB) == "no_such_message"


def test_people_talk_before_the_start_and_in_fellowship() -> None:
    meeting = a_meeting()
    meeting.join(BOB)
    meeting.says(BOB)


# Slow


def test_in_slow_mode_a_member_speaks_once_in_so_many_seconds() -> None:
    meeting = a_round(BOB, CHARLIE, TIM)
    meeting.ask(Chat(mode="slow", every=20), FAY)
    meeting.says(BOB)
    meeting.says(CHARLIE)  # each has a time of their own
    meeting.wait(15 * SECOND)
    with pytest.raises(Refused) as refusal:
        meeting.says(BOB)
    assert (refusal.value.code, refusal.value.retry_after) == ("too_fast", 5)
    meeting.wait(5 * SECOND)
    meeting.says(BOB)


def test_slow_mode_is_not_for_the_service_team_nor_for_private_messages() -> None:
    meeting = a_round(BOB, TIM, chat="slow")
    for _ in range(2):
        meeting.says(TIM)
        meeting.says(BOB, "Could you help me?", to="service")
    meeting.says(BOB)


def test_what_was_said_before_it_became_slow_counts() -> None:
    meeting = a_round(BOB)
    meeting.says(BOB)
    meeting.ask(Chat(mode="slow"), FAY)
    assert answer(meeting, BOB) == "too_fast"


# The mode


def test_the_mode_is_set_and_everybody_hears_of_it() -> None:
    meeting = a_round(BOB, GRETA)
    changed = the(ChatChanged, meeting.ask(Chat(mode="slow", every=2.5), GRETA))
    assert (changed.mode, changed.every) == ("slow", 2.5)
    assert meeting.ask(Chat(mode="slow", every=2.5), GRETA) == []
    assert the(ChatChanged, meeting.ask(Chat(mode="slow"), GRETA)).every == 10
    changed = the(ChatChanged, meeting.ask(Chat(mode="closed", every=5), GRETA))
    assert (changed.mode, changed.every) == ("closed", None)
    assert meeting.ask(Chat(mode="closed"), GRETA) == []
    assert meeting.view(BOB).chat.mode == "closed"


@pytest.mark.parametrize("every", [-1, 3601, float("nan"), float("inf")])
def test_no_chat_is_slower_than_an_hour(every: float) -> None:
    assert a_round().refuses(Chat(mode="slow", every=every), FAY) == "bad_message"


@pytest.mark.parametrize("mode", MODES)
def test_the_formats_mode_holds_from_the_doors_on(mode: ChatMode) -> None:
    meeting = a_meeting(chat=mode)
    meeting.join(FAY, COLIN)
    assert meeting.view(COLIN).chat.mode == mode
