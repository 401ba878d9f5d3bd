"""Managing a meeting with its link, without scripts."""

from typing import Any

import pytest

from server.schedule.rrule import pattern
from tests.server.pages.forms import Filled, Volunteer
from tests.server.pages.test_setting_up import links_in
from tests.server.site import Site, key_of

PATH = "/m/tuesday-circle/manage"


@pytest.fixture
async def manager(site: Site) -> Volunteer:
    return Volunteer(site)


async def opened(manager: Volunteer, **fields: Any) -> tuple[Filled, str]:
    """The manage page of a new meeting, and its key."""
    made = await manager.site.creates(**fields)
    key = key_of(made["manage_url"])
    return await manager.presses("open", await manager.opens(PATH), key=made["manage_url"]), key


async def do(manager: Volunteer, page: Filled, key: str, verb: str, **typed: Any) -> Filled:
    page.action = PATH
    return await manager.presses(verb, page, key=key, **typed)


async def test_the_page_asks_for_the_link_and_takes_it_whole_or_its_key(manager: Volunteer) -> None:
    _, key = await opened(manager)
    assert "Change the meeting" in manager.html
    assert manager.answer is not None
    assert manager.answer.headers["cache-control"] == "no-store"
    await manager.presses("open", await manager.opens(PATH), key=f"  {key} ")
    assert "Change the meeting" in manager.html


async def test_a_wrong_key_opens_nothing(manager: Volunteer) -> None:
    made = await manager.site.creates()
    for key in ("", "x", key_of(made["host_url"]), "\ud800"):
        for verb in ("open", "save", "renew.manage", "delete-it", "pause", "date.2026-11-10", "nonsense"):
            told = await manager.presses(verb, await manager.opens(PATH), key=key.encode("utf-8", "replace").decode())
            assert manager.status == 403
            assert told.wrong == {"key": "This is not this meeting's manage link."}
    assert not (await manager.site.meeting("tuesday-circle"))["paused"]


async def test_a_forged_form_does_nothing_even_with_the_key(manager: Volunteer) -> None:
    page, key = await opened(manager)
    page.action = PATH
    await manager.presses("delete-it", page, key=key, origin="https://evil.example")
    assert manager.status == 403
    await manager.presses("delete-it", page, key=key, token="forged")
    assert manager.status == 422
    assert (await manager.site.meeting("tuesday-circle"))["name"] == "Tuesday circle"


async def test_everything_about_it_can_be_changed(manager: Volunteer) -> None:
    page, key = await opened(manager, description="We read.", types=["O", "XYZ"], passcode="tea", language="de")
    form = await do(manager, page, key, "change")
    assert {name: form.get(name) for name in ("name", "description", "time", "minutes", "language")} == {
        "name": "Tuesday circle",
        "description": "We read.",
        "time": "19:00",
        "minutes": "60",
        "language": "de",
    }
    assert (form.all("day"), form.all("types")) == (["2"], ["O", "XYZ"])
    await manager.presses(
        "save", form, name="Ocean circle", day=["0"], time="08:15", timezone="Asia/Tokyo", listed="no"
    )
    assert "Saved." in manager.html
    meeting = await manager.site.meeting("tuesday-circle")
    expected = {"name": "Ocean circle", "day": 0, "time": "08:15", "timezone": "Asia/Tokyo", "listed": False}
    assert {name: meeting[name] for name in expected} == expected
    assert (meeting["types"], meeting["has_passcode"], meeting["format"]) == (["O", "XYZ"], True, "discussion")


@pytest.mark.parametrize(
    "when",
    [
        {"day": [1, 4], "time": "07:30"},
        {"rrule": "FREQ=WEEKLY;INTERVAL=2", "dtstart": "2026-11-05T19:00"},
        {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "dtstart": "2026-11-02T19:00"},
        {"rrule": "FREQ=MONTHLY;BYMONTHDAY=15", "dtstart": "2026-11-15T19:00"},
        {"once": "2026-12-24T18:00"},
        {"always": True},
    ],
)
async def test_saving_what_was_shown_changes_nothing(manager: Volunteer, when: dict[str, Any]) -> None:
    made = await manager.site.made(name="Tuesday circle", format={"title": "Ours", "phase": [
        {"kind": "round", "seconds": 90, "share_seconds": 45, "post": ["Hello"], "title": "A"}
    ]}, **when)  # fmt: skip
    before = await manager.site.meeting("tuesday-circle")
    page = await manager.presses("open", await manager.opens(PATH), key=made["manage_url"])
    key = key_of(made["manage_url"])
    for verbs in (["change"], ["change", "agenda"]):
        form = page
        for verb in verbs:
            form = await do(manager, form, key, verb)
        await manager.presses("save", form)
        assert manager.status == 200, Filled(manager.html).wrong
        after = await manager.site.meeting("tuesday-circle")
        if "rrule" in before:
            assert pattern(after["rrule"]) == pattern(before["rrule"])
        assert after == before


@pytest.mark.parametrize(("chosen", "text", "has"), [("kept", "", True), ("none", "", False), ("new", "coffee", True)])
async def test_the_passcode_is_kept_removed_or_new(manager: Volunteer, chosen: str, text: str, has: bool) -> None:
    page, key = await opened(manager, passcode="tea")
    form = await do(manager, page, key, "change")
    await manager.presses("save", form, passcode_is=chosen, passcode=text)
    stored = await manager.site.schedule.get("tuesday-circle")
    assert stored is not None
    assert stored.secrets.needs_passcode == has
    assert stored.secrets.accepts_passcode("tea") == (chosen != "new")
    assert stored.secrets.accepts_passcode("coffee") == (chosen != "kept")


async def test_a_new_passcode_needs_to_be_typed(manager: Volunteer) -> None:
    page, key = await opened(manager)
    form = await do(manager, page, key, "change")
    told = await manager.presses("save", form, passcode_is="new", name="Kept name")
    assert set(told.wrong) == {"passcode"}
    assert told.get("name") == "Kept name"


async def test_a_date_is_cancelled_moved_noted_and_as_usual_again(manager: Volunteer) -> None:
    page, key = await opened(manager)
    await do(manager, page, key, "date.2026-11-10", how="cancelled", note="Holiday")
    assert (await manager.site.meeting("tuesday-circle"))["changes"] == [
        {"date": "2026-11-10", "cancelled": True, "note": "Holiday"}
    ]
    await do(manager, page, key, "date.2026-11-17", how="moved", to_date="2026-11-18", to_time="20:00", note="")
    assert (await manager.site.meeting("tuesday-circle"))["changes"][1]["moved_to"] == "2026-11-18T20:00"
    for day in ("2026-11-10", "2026-11-17"):
        await do(manager, page, key, f"date.{day}", how="usual", note="")
    assert (await manager.site.meeting("tuesday-circle"))["changes"] == []


@pytest.mark.parametrize(
    ("day", "typed"),
    [
        ("2026-11-10", {"how": "moved", "to_date": "", "to_time": ""}),
        ("2026-11-10", {"how": "moved", "to_date": "soon", "to_time": "20:00"}),
        ("2026-11-10", {"how": "cancelled", "note": "x" * 1001}),
        ("2026-11-11", {"how": "cancelled"}),
        ("<b>", {"how": "cancelled"}),
    ],
)
async def test_what_a_date_cannot_be_is_told(manager: Volunteer, day: str, typed: dict[str, str]) -> None:
    page, key = await opened(manager)
    await do(manager, page, key, f"date.{day}", **typed)
    assert manager.status == 422
    assert (await manager.site.meeting("tuesday-circle"))["changes"] == []


async def test_it_is_paused_and_goes_on(manager: Volunteer) -> None:
    page, key = await opened(manager)
    page = await do(manager, page, key, "pause")
    assert (await manager.site.meeting("tuesday-circle"))["paused"]
    assert "Go on again" in manager.html
    await do(manager, page, key, "resume")
    assert not (await manager.site.meeting("tuesday-circle"))["paused"]


async def test_one_link_is_made_anew_and_the_others_stay(manager: Volunteer) -> None:
    page, key = await opened(manager)
    before = await manager.site.schedule.get("tuesday-circle")
    await do(manager, page, key, "renew.host")
    (link,) = links_in(manager.html).items()
    after = await manager.site.schedule.get("tuesday-circle")
    assert before is not None
    assert after is not None
    assert link[0] == "host"
    assert after.secrets.role_for(key_of(link[1])) == "facilitator"
    assert after.secrets.host_key != before.secrets.host_key
    assert (after.secrets.manage_key, after.secrets.greeter_key) == (
        before.secrets.manage_key,
        before.secrets.greeter_key,
    )


async def test_whoever_it_is_handed_to_gets_all_links_and_the_old_ones_are_dead(manager: Volunteer) -> None:
    page, key = await opened(manager)
    await do(manager, page, key, "hand-over")
    assert list(links_in(manager.html)) == ["join", "host", "timekeeper", "greeter", "manage"]
    await manager.presses("open", await manager.opens(PATH), key=key)
    assert manager.status == 403


async def test_it_is_deleted_after_a_plain_question(manager: Volunteer) -> None:
    page, key = await opened(manager)
    form = await do(manager, page, key, "delete")
    assert "Delete Tuesday circle for good?" in manager.html
    assert (await manager.site.http.get("/m/tuesday-circle")).status_code == 200
    await manager.presses("delete-it", form)
    assert "The meeting is deleted" in manager.html
    assert (await manager.site.http.get("/m/tuesday-circle")).status_code == 404
