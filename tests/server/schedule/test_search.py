"""Looking through the coming days: by day, time of day, language, type, program and words, in the visitor's zone."""

import asyncio
from random import Random
from typing import Any, Literal

import pytest

from server.schedule.search import Index, Search, Wanted
from tests.server.site import Site, at, bearer

NOBODY = frozenset[Any]()
OF: tuple[Literal["language", "type", "program"], ...] = ("language", "type", "program")
BERLIN = "Europe/Berlin"


async def index(site: Site) -> Index:
    return await Search(site.schedule, lambda: site.now).index()


async def names(site: Site, **wanted: Any) -> list[str]:
    """The names of the first date of each meeting that is found."""
    found = (await index(site)).coming(Wanted(**wanted), site.now, NOBODY, most=1000)
    assert found.count == len(found.entries)
    return list(dict.fromkeys(entry.stored.meeting.name for entry in found.entries))


@pytest.fixture
async def filled(site: Site) -> Site:
    await site.creates(name="Früher Vogel", time="06:00", language="de", types=["W"], program="aa")
    await site.creates(
        name="Tarde", time="15:30", day=4, language="es-MX", description="Para todos, español", types=["C"]
    )
    await site.creates(name="Rivers", time="23:30", day=5, group="Riverside", types=["C"], program="al-anon")
    await site.creates(name="Unseen", listed=False)
    return site


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["Früher Vogel", "Tarde", "Rivers"]),
        ({"language": "es"}, ["Tarde"]),
        ({"language": "fr"}, []),
        ({"program": "AA"}, ["Früher Vogel"]),
        ({"type": "Women"}, ["Früher Vogel"]),
        ({"type": "Closed"}, ["Tarde"]),  # in Al-Anon the same code means something else
        ({"words": "FRUHER"}, ["Früher Vogel"]),
        ({"words": "riv side"}, []),
        ({"words": "river"}, ["Rivers"]),
        ({"words": "espanol para"}, ["Tarde"]),
        ({"words": "  !? "}, ["Früher Vogel", "Tarde", "Rivers"]),
        ({"words": "women"}, ["Früher Vogel"]),
        ({"zone": BERLIN, "days": frozenset({2})}, ["Früher Vogel"]),
        ({"zone": BERLIN, "days": frozenset({5, 4})}, ["Tarde", "Rivers"]),
        ({"zone": "Asia/Tokyo", "days": frozenset({6})}, ["Rivers"]),  # where it is Saturday by then
        ({"zone": BERLIN, "parts": frozenset({"morning"})}, ["Früher Vogel"]),
        ({"zone": BERLIN, "parts": frozenset({"night"})}, ["Rivers"]),
        ({"zone": BERLIN, "parts": frozenset({"night"}), "days": frozenset({6})}, []),
        ({"zone": BERLIN, "parts": frozenset({"morning", "afternoon"}), "language": "es"}, ["Tarde"]),
        ({"zone": "America/Los_Angeles", "parts": frozenset({"afternoon"})}, ["Rivers"]),
    ],
    ids=str,
)
async def test_what_is_wanted_is_found_in_order(filled: Site, wanted: Any, found: list[str]) -> None:
    assert await names(filled, **wanted) == found


async def test_what_may_be_wanted_is_told_with_how_many_meetings_have_it(filled: Site) -> None:
    it = await index(filled)
    assert it.choices("language") == {"de": 1, "es": 1}
    assert it.choices("program") == {"aa": 1, "al-anon": 1}
    assert it.choices("type")["Closed"] == 1


async def test_a_part_is_shown_and_all_are_counted(filled: Site) -> None:
    found = (await index(filled)).coming(Wanted(), filled.now, NOBODY, first=1, most=1)
    assert [entry.stored.slug for entry in found.entries] == ["tarde"]
    assert found.count == 4, "until the ninth day"


async def test_open_now_are_those_whose_doors_are_open(filled: Site) -> None:
    filled.now = at("2026-11-03T05:44", BERLIN)
    it = await index(filled)
    assert it.open_now(Wanted(), filled.now, NOBODY, 10).count == 0
    filled.now += 60_000
    (entry,) = it.open_now(Wanted(), filled.now, NOBODY, 10).entries
    assert entry.stored.meeting.name == "Früher Vogel"
    assert it.open_now(Wanted(language="es"), filled.now, NOBODY, 10).count == 0
    assert it.open_now(Wanted(), filled.now, frozenset({entry.occurrence.room}), 10).count == 0
    filled.now = entry.occurrence.ends_at + 15 * 60_000
    assert it.open_now(Wanted(), filled.now, NOBODY, 10).count == 0


async def test_what_is_running_is_found_by_its_day_until_it_is_over(filled: Site) -> None:
    filled.now = at("2026-11-03T06:30", BERLIN)
    it, today = await index(filled), at("2026-11-03T00:00", BERLIN)
    tomorrow = today + 86_400_000
    assert it.coming(Wanted(), filled.now, NOBODY, begin=today, until=tomorrow).count == 1
    assert it.coming(Wanted(), filled.now, NOBODY, until=tomorrow).count == 0
    filled.now = at("2026-11-03T07:15", BERLIN)
    assert it.coming(Wanted(), filled.now, NOBODY, begin=today, until=tomorrow).count == 0


async def test_a_change_is_found_and_what_has_not_changed_is_not_looked_at_again(filled: Site) -> None:
    search = Search(filled.schedule, lambda: filled.now)
    before = await search.index()
    assert await search.index() is before
    made = await filled.creates(name="Another")
    changes = {"changes": [{"date": "2026-11-03", "cancelled": True}]}
    answer = await filled.http.patch("/api/meetings/another", json=changes, headers=bearer(made["manage_url"]))
    assert answer.status_code == 200
    after = await search.index()
    dates = after.coming(Wanted(words="another"), filled.now, NOBODY).entries
    assert [entry.occurrence.is_cancelled for entry in dates] == [True, False]
    old = {entry.stored.slug: entry for entry in before.coming(Wanted(), filled.now, NOBODY).entries}
    for entry in after.coming(Wanted(words="rivers"), filled.now, NOBODY).entries:
        assert entry.occurrence is old[entry.stored.slug].occurrence
    filled.now += 86_400_000
    assert (await search.index()).begins > after.begins


async def test_an_index_brought_up_to_date_is_as_one_made_anew(filled: Site) -> None:
    search, made = Search(filled.schedule, lambda: filled.now), dict[str, str]()
    chance = Random(1)
    for turn in range(12):
        if made and turn % 3 == 2:
            slug = chance.choice(sorted(made))
            await filled.http.delete(f"/api/meetings/{slug}", headers=bearer(made.pop(slug)))
        elif made and turn % 3 == 1:
            slug = chance.choice(sorted(made))
            change = {"description": f"Words {turn}", "day": chance.randrange(7), "listed": chance.random() < 0.7}
            await filled.http.patch(f"/api/meetings/{slug}", json=change, headers=bearer(made[slug]))
        else:
            it = await filled.creates(name=f"Group {turn}", language=chance.choice(["de", "fr"]), types=["W"])
            made[it["slug"]] = it["manage_url"]
        if turn == 6:
            filled.now += 13 * 3_600_000
        now, anew = await search.index(), Index(await filled.schedule.listed(), (await search.index()).begins)
        for wanted in (Wanted(), Wanted(words="words"), Wanted(language="de"), Wanted(type="Women", words="gro")):
            assert now.coming(wanted, filled.now, NOBODY, most=500) == anew.coming(wanted, filled.now, NOBODY, most=500)
        assert {of: now.choices(of) for of in OF} == {of: anew.choices(of) for of in OF}


async def test_what_is_rare_is_found_later_on_each_of_its_days_and_once(site: Site) -> None:
    """Of which one day of the week is in this week, and another in two weeks."""
    site.now = at("2026-11-02T12:00")
    rule = {"rrule": "FREQ=MONTHLY;BYDAY=1TU,3TH", "dtstart": "2026-10-01T19:00"}
    await site.made(name="Now and then", **rule)
    await site.made(name="Far", once="2027-07-07T19:00")
    await site.creates(name="Weekly")
    it = await index(site)

    def later(**wanted: Any) -> list[tuple[str, str]]:
        found = it.later(Wanted(zone=BERLIN, **wanted), site.now, NOBODY, 10)
        assert found.count == len(found.entries)
        return [(entry.stored.meeting.name, f"{entry.occurrence.wall:%m-%d}") for entry in found.entries]

    assert later() == [("Far", "07-07")]
    assert later(days=frozenset({4})) == [("Now and then", "11-19")]
    assert later(days=frozenset({2})) == []
    assert later(days=frozenset({3}), words="far") == [("Far", "07-07")]
    assert later(parts=frozenset({"morning"})) == []


async def test_an_index_is_ready_before_anybody_asks_and_a_fault_does_not_end_that(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, faults, real, told = Search(filled.schedule, lambda: filled.now), list[Exception](), Index, asyncio.Event()
    turns = iter([ZeroDivisionError(), None])

    def once_broken(*given: Any) -> Index:
        if (fault := next(turns, None)) is not None:
            raise fault
        told.set()
        return real(*given)

    monkeypatch.setattr("server.schedule.search.Index", once_broken)
    monkeypatch.setattr("server.schedule.search.LOOKS", 0.0)
    living = asyncio.create_task(search.live(faults.append))
    async with asyncio.timeout(30):
        await told.wait()
    assert await search.index() is await search.index()
    living.cancel()
    assert [type(it) for it in faults] == [ZeroDivisionError]
