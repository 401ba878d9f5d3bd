"""Slugs of new and of imported meetings."""

import re

from hypothesis import given
from hypothesis import strategies as st

from server.schedule.slugs import slug_from_feed, slug_from_name


def test_a_new_meetings_slug_is_made_of_its_name() -> None:
    assert slug_from_name("Tuesday Night (Women's)", set()) == "tuesday-night-women-s"
    assert slug_from_name("Собрание", set()) == "meeting"


def test_a_second_one_gets_a_number() -> None:
    assert slug_from_name("Circle", {"circle"}) == "circle-2"
    assert slug_from_name("Circle", {"circle", "circle-2"}) == "circle-3"
    assert len(slug_from_name("x" * 80, {"x" * 64})) == 64


def test_an_imported_slug_stays_where_it_may() -> None:
    assert slug_from_feed("-a--b-1-", set()) == "-a--b-1-"
    assert slug_from_feed("x" * 64, set()) == "x" * 64
    assert slug_from_feed("-", set()) == "-"


def test_one_that_may_not_is_lower_cased_and_other_characters_become_dashes() -> None:
    assert slug_from_feed("O.A.D.W. 85", set()) == "o-a-d-w--85"


def test_one_that_is_too_long_is_cut_with_an_end_of_its_own() -> None:
    slugs = {slug_from_feed("x" * 64 + end, set()) for end in "abc"}
    assert len(slugs) == 3
    assert all(slug.startswith("x" * 40) for slug in slugs)


def test_one_that_is_taken_gets_an_end_that_is_always_the_same() -> None:
    other = slug_from_feed("circle", {"circle"})
    assert other != "circle"
    assert slug_from_feed("circle", {"circle"}) == other


@given(st.text(max_size=100), st.sets(st.sampled_from(["meeting", "a", "-"])))
def test_whatever_comes_is_a_slug_that_nobody_has(text: str, taken: set[str]) -> None:
    for slug in (slug_from_name(text, taken), slug_from_feed(text, taken)):
        assert re.fullmatch(r"[a-z0-9-]{1,64}", slug)
        assert slug not in taken
