"""The names of type codes."""

from config.meeting_types import type_names


def test_codes_are_named_in_the_programs_own_meaning() -> None:
    assert type_names(["O", "C"], "") == ["Open", "Closed"]
    assert type_names(["C", "POA"], "Al-Anon") == ["Families and friends only", "Parents"]


def test_an_unknown_code_stands_for_itself() -> None:
    assert type_names(["QQ"], "no such program") == ["QQ"]


def test_what_is_only_for_buildings_is_left_out() -> None:
    assert type_names(["ONL", "X", "SP"], "aa") == ["Speaker"]
