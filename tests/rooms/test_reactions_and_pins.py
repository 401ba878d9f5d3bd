"""Reactions, pinned messages, milestones."""

import pytest

from rooms.chat import Celebrate, Celebrated, Pin, Pinned, React, Reacted, Unpin, Unsay
from rooms.floor import Done
from rooms.formats import Crosstalk
from rooms.safety import Mute, QuietRoom
from rooms.vocabulary import Code, Refused
from tests.kit import ALICE, BOB, CHARLIE, FAY, GRETA, TIM, Meeting, a_round, a_share, named, the


def react(to: str, emoji: str = "🙏", on: bool = True) -> React:
    return React(to=to, emoji=emoji, on=on)


def shown(meeting: Meeting) -> dict[str, int]:
    """The reactions to the latest message."""
    return meeting.view(FAY).chat.messages[-1].reactions


def test_people_react_to_a_message_and_take_it_back() -> None:
    meeting = a_round(ALICE, BOB)
    message = meeting.says(ALICE)
    reacted = the(Reacted, meeting.ask(react(message), ALICE))
    assert (reacted.to, reacted.emoji, reacted.on, reacted.by) == (message, "🙏", True, ALICE)
    meeting.ask(react(message), BOB)
    meeting.ask(react(message, "👏"), BOB)
    assert shown(meeting) == {"🙏": 2, "👏": 1}
    assert meeting.ask(react(message), BOB) == []  # once each
    meeting.ask(react(message, on=False), BOB)
    assert meeting.ask(react(message, on=False), BOB) == []
    meeting.ask(react(message, "👏", on=False), BOB)
    assert shown(meeting) == {"🙏": 1}


def test_people_react_to_a_share_while_it_lasts_and_afterwards() -> None:
    meeting = a_share(ALICE, BOB)
    (share,) = meeting.room.told
    meeting.ask(react(share), BOB)
    seen = meeting.view(ALICE).floor
    assert seen is not None
    assert seen.reactions == {"🙏": 1}
    meeting.ask(Done(), ALICE)
    assert named(meeting.ask(react(share, "👏"), BOB)) == ["reacted"]


def test_the_room_offers_some_reactions_and_no_others() -> None:
    meeting = a_round(ALICE, emoji=("🌱", "👍🏽"))
    message = meeting.says(ALICE)
    assert meeting.view(ALICE).emoji == ["🌱", "👍🏽"]
    meeting.ask(react(message, "🌱"), ALICE)
    for other in ("🙏", "", "🌱🌱", "text"):
        assert meeting.refuses(react(message, other), ALICE) == "bad_message"


def test_there_is_nothing_to_react_to_where_one_may_see_nothing() -> None:
    meeting = a_round(ALICE, BOB, direct_messages="everyone")
    secret = meeting.says(ALICE, to=FAY)
    assert meeting.refuses(react(secret), BOB) == "no_such_message"
    assert meeting.refuses(react("nothing"), BOB) == "no_such_message"
    meeting.ask(react(secret), FAY)


@pytest.mark.parametrize(("crosstalk", "code"), [("off", "not_now"), ("reactions", None), ("chat", None)])
def test_members_react_while_somebody_shares_if_the_format_lets_them(crosstalk: Crosstalk, code: Code | None) -> None:
    meeting = a_round(ALICE, BOB, TIM, crosstalk=crosstalk)
    message = meeting.says(ALICE)
    meeting.shares(ALICE)
    meeting.ask(react(message), TIM)
    meeting.ask(react(message), ALICE)  # it is her own time
    if code is None:
        meeting.ask(react(message), BOB)
    else:
        assert meeting.refuses(react(message), BOB) == code


def test_the_muted_do_not_react() -> None:
    meeting = a_round(ALICE)
    message = meeting.says(FAY)
    meeting.ask(Mute(who=ALICE), FAY)
    assert meeting.refuses(react(message), ALICE) == "muted"


# Pins


def test_a_message_is_pinned_for_everybody_newcomers_too() -> None:
    meeting = a_round(ALICE, GRETA)
    message = meeting.says(ALICE, "The number to call is 112.")
    pinned = the(Pinned, meeting.ask(Pin(message=message), GRETA))
    assert (pinned.message, pinned.said.text, pinned.said.by) == (message, "The number to call is 112.", ALICE)
    assert meeting.ask(Pin(message=message), GRETA) == []
    meeting.join(BOB)
    chat = meeting.view(BOB).chat
    assert (chat.pinned, [m.id for m in chat.messages]) == ([message], [message])
    assert named(meeting.ask(Unpin(message=message), GRETA)) == ["unpinned"]
    assert meeting.ask(Unpin(message=message), GRETA) == []
    assert (meeting.view(BOB).chat.pinned, meeting.view(BOB).chat.messages) == ([], [])


def test_only_what_was_said_to_everyone_is_pinned() -> None:
    meeting = a_round(ALICE, GRETA)
    assert meeting.refuses(Pin(message=meeting.says(ALICE, to="service")), GRETA) == "not_allowed"
    assert meeting.refuses(Pin(message=meeting.says(ALICE, to=GRETA)), GRETA) == "not_allowed"
    assert meeting.refuses(Pin(message=meeting.says(ALICE, to=GRETA)), FAY) == "no_such_message"
    assert meeting.refuses(Pin(message="nothing"), GRETA) == "no_such_message"


def test_a_pinned_message_that_is_taken_back_is_pinned_no_longer() -> None:
    meeting = a_round(ALICE, GRETA)
    message = meeting.says(ALICE)
    meeting.ask(Pin(message=message), GRETA)
    meeting.ask(Unsay(message=message), ALICE)
    assert meeting.view(GRETA).chat.pinned == []


# Milestones


def test_a_milestone_is_celebrated_and_stays_in_sight() -> None:
    meeting = a_round(ALICE, BOB)
    celebrated = the(Celebrated, meeting.ask(Celebrate(count=90, unit="days"), ALICE))
    assert (celebrated.by, celebrated.count, celebrated.unit) == (ALICE, 90, "days")
    meeting.ask(Celebrate(count=1, unit="years"), BOB)
    assert [(c.by, c.count, c.unit) for c in meeting.view(FAY).celebrations] == [(ALICE, 90, "days"), (BOB, 1, "years")]


def test_the_muted_do_not_celebrate_nor_do_members_in_a_quiet_room() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.ask(Mute(who=ALICE), FAY)
    assert meeting.refuses(Celebrate(count=1, unit="days"), ALICE) == "muted"
    meeting.ask(QuietRoom(), FAY)
    assert meeting.refuses(Celebrate(count=1, unit="days"), BOB) == "not_now"
    assert meeting.refuses(react(meeting.says(FAY)), BOB) == "not_now"


def test_a_refusal_says_why_in_one_plain_sentence() -> None:
    meeting = a_round(ALICE, CHARLIE)
    with pytest.raises(Refused) as refusal:
        meeting.ask(react("nothing"), ALICE)
    assert refusal.value.message == "There is no such message."
