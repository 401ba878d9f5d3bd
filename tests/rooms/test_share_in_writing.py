"""A share in writing: one paragraph after the other, by whoever has the floor."""

from rooms.floor import Call, Done, Shared, WriteShare
from rooms.safety import Mute, QuietRoom
from tests.kit import ALICE, BOB, FAY, a_phase, a_round, a_share, the


def test_who_has_the_floor_shares_paragraph_by_paragraph() -> None:
    meeting = a_share(ALICE, BOB)
    paragraphs = [the(Shared, meeting.ask(WriteShare(text=text), ALICE)) for text in ("I came here.", " And stayed. ")]
    assert [(p.n, p.text) for p in paragraphs] == [(1, "I came here."), (2, "And stayed.")]
    seen = meeting.view(BOB).floor
    assert seen is not None
    assert seen.paragraphs == ["I came here.", "And stayed."]


def test_nobody_else_does() -> None:
    meeting = a_share(ALICE, BOB)
    assert meeting.refuses(WriteShare(text="Mine."), BOB) == "not_your_turn"
    assert meeting.refuses(WriteShare(text="Mine."), FAY) == "not_your_turn"
    meeting.ask(Done(), ALICE)
    assert meeting.refuses(WriteShare(text="One more thing."), ALICE) == "not_your_turn"


def test_a_share_is_begun_before_it_is_written() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Call(who=ALICE), FAY)
    assert meeting.refuses(WriteShare(text="I came here."), ALICE) == "not_now"


def test_one_may_finish_the_sentence_in_the_grace() -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None))
    meeting.wait(200_000)
    meeting.ask(WriteShare(text="And so I stayed."), ALICE)


def test_nothing_is_no_paragraph() -> None:
    assert a_share(ALICE).refuses(WriteShare(text=" \n "), ALICE) == "bad_message"


def test_the_muted_do_not_write_nor_do_members_in_a_quiet_room() -> None:
    meeting = a_share(ALICE, BOB)
    meeting.ask(QuietRoom(), FAY)
    assert meeting.refuses(WriteShare(text="I came here."), ALICE) == "not_now"
    meeting = a_share(ALICE, BOB)
    meeting.ask(Mute(who=ALICE), FAY)
    assert meeting.refuses(WriteShare(text="I came here."), ALICE) == "muted"
    assert meeting.room.floor is not None  # being muted takes nobody's floor
