"""Setting up a meeting with a form, without scripts."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest

from server.pages.forms import Tokens
from tests.server.pages.forms import Filled, Volunteer
from tests.server.site import Site, a_site, key_of

NEW: dict[str, Any] = {"name": "Tuesday circle", "day": ["2"], "time": "19:00", "timezone": "Europe/Berlin"}


@pytest.fixture
def volunteer(site: Site) -> Volunteer:
    return Volunteer(site)


def links_in(html: str) -> dict[str, str]:
    """By whom a link is for."""
    found = re.findall(r'aria-labelledby="link-(\w+)".*?href="([^"]+)"', html, re.DOTALL)
    return dict(found)


async def test_three_fields_and_a_press_make_a_meeting(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.opens("/new")
    await volunteer.presses("create", form, **NEW)
    assert volunteer.status == 200
    links = links_in(volunteer.html)
    assert list(links) == ["join", "host", "timekeeper", "greeter", "manage"]
    assert links["join"] == "https://rooms.example.org/r/tuesday-circle"
    meeting = await site.meeting("tuesday-circle")
    assert {name: meeting[name] for name in ("name", "day", "time", "timezone", "minutes", "format", "listed")} == {
        "name": "Tuesday circle",
        "day": 2,
        "time": "19:00",
        "timezone": "Europe/Berlin",
        "minutes": 60,
        "format": "discussion",
        "listed": True,
    }
    stored = await site.schedule.get("tuesday-circle")
    assert stored is not None
    assert stored.secrets.may_manage(key_of(links["manage"]))
    assert stored.secrets.role_for(key_of(links["host"])) == "facilitator"


async def test_the_same_form_sent_again_makes_no_second_meeting_and_shows_the_same_links(
    volunteer: Volunteer, site: Site
) -> None:
    form = await volunteer.opens("/new")
    await asyncio.gather(*(Volunteer(site).presses("create", form, **NEW) for _ in range(3)))
    await volunteer.presses("create", form, **NEW)
    links = links_in(volunteer.html)
    assert await site.schedule.slugs() == {"tuesday-circle"}
    stored = await site.schedule.get("tuesday-circle")
    assert stored is not None
    assert stored.secrets.may_manage(key_of(links["manage"]))
    assert stored.secrets.role_for(key_of(links["host"])) == "facilitator"


async def test_the_same_form_filled_in_otherwise_makes_another_meeting(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.opens("/new")
    await volunteer.presses("create", form, **NEW)
    before = links_in(volunteer.html)
    await volunteer.presses("create", form, **NEW | {"time": "20:00"})
    assert await site.schedule.slugs() == {"tuesday-circle", "tuesday-circle-2"}
    assert key_of(links_in(volunteer.html)["host"]) != key_of(before["host"])


async def test_the_sheet_has_a_picture_of_each_link_and_is_kept_nowhere(volunteer: Volunteer) -> None:
    await volunteer.presses("create", await volunteer.opens("/new"), **NEW)
    assert volunteer.html.count("<svg") == 5
    assert volunteer.answer is not None
    assert volunteer.answer.headers["cache-control"] == "no-store"
    assert 'name="robots" content="noindex"' in volunteer.html


async def test_a_meeting_with_everything(volunteer: Volunteer, site: Site) -> None:
    more: dict[str, Any] = {
        "description": "Who is new is welcome.\r\nSo is everybody.",
        "language": "de",
        "program": "na",
        "group": "Rivers",
        "place": "Hamburg, Germany",
        "types": ["O", "BE"],
        "listed": "no",
        "passcode": "boat",
        "minutes": "90",
    }
    await volunteer.presses("create", await volunteer.opens("/new"), **NEW | more)
    assert links_in(volunteer.html)["join"] == "https://rooms.example.org/r/tuesday-circle#passcode=boat"
    meeting = await site.meeting("tuesday-circle")
    expected = more | {"types": ["O", "BE"], "listed": False, "minutes": 90}
    expected["description"] = "Who is new is welcome.\nSo is everybody."
    del expected["passcode"]
    assert {name: meeting[name] for name in expected} == expected
    assert meeting["has_passcode"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"often": "weekly", "day": ["2", "4", "0"]}, {"day": [0, 2, 4], "time": "19:00"}),
        ({"often": "weeks", "weeks": "3", "date": "2026-11-10"}, {"rrule": "FREQ=WEEKLY;INTERVAL=3"}),
        ({"often": "monthly", "nth": "-1", "weekday": "5"}, {"rrule": "FREQ=MONTHLY;BYDAY=-1FR"}),
        ({"often": "once", "date": "2026-12-24"}, {"once": "2026-12-24T19:00"}),
        ({"often": "always", "time": ""}, {"always": True}),
    ],
)
async def test_however_often_it_takes_place(
    volunteer: Volunteer, site: Site, typed: dict[str, Any], expected: dict[str, object]
) -> None:
    await volunteer.presses("create", await volunteer.opens("/new"), **NEW | typed)
    assert volunteer.status == 200, Filled(volunteer.html).wrong
    meeting = await site.meeting("tuesday-circle")
    assert {name: meeting[name] for name in expected} == expected


async def test_a_format_gives_the_meeting_its_length(volunteer: Volunteer, site: Site) -> None:
    await volunteer.presses("create", await volunteer.opens("/new?format=check-in"), **NEW)
    assert (await site.meeting("tuesday-circle"))["minutes"] == 90


async def test_an_agenda_is_changed_row_by_row(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW, format="speaker")
    titles = ["Welcome", "Opening reading", "The speaker", "A moment of silence", "Sharing", "Closing"]
    assert [form.get(f"phase.{n}.title") for n in range(6)] == titles
    assert form.get("phase.1.text") == "", "what only says that a reading goes here is a hint, and no text"
    form = await volunteer.presses("up.4", form)
    form = await volunteer.presses("remove.0", form, phase__1__text="Our own words.", phase__1__credit="The group")
    form = await volunteer.presses("add.silence", form)
    form = await volunteer.presses("down.0", form, phase__4__title="Rest", phase__4__minutes="1,5")
    assert form.get("name") == "Tuesday circle", "nothing that was typed is lost on the way"
    await volunteer.presses("create", form)
    assert volunteer.status == 200, Filled(volunteer.html).wrong
    meeting = await site.meeting("tuesday-circle")
    phases = meeting["format"]["phase"]
    assert [it.get("title", "") for it in phases] == [
        "The speaker", "Opening reading", "Sharing", "A moment of silence", "Rest", "Closing"
    ]  # fmt: skip
    assert (phases[4]["minutes"], phases[4]["chat"], phases[4]["advance"]) == (1.5, "closed", "auto")
    assert phases[0]["hard_stop"] is False, "what the form does not show stays as the format has it"
    assert (phases[1].get("text"), phases[1].get("credit")) == ("Our own words.", "The group")


async def test_a_reading_is_pasted_in_with_its_credit(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW)
    pasted = {"phase__1__text": "Line one.\r\nLine two.", "phase__1__credit": "From our own book, 2020"}
    await volunteer.presses("create", form, **pasted)
    phase = (await site.meeting("tuesday-circle"))["format"]["phase"][1]
    assert (phase["text"], phase["credit"]) == ("Line one.\nLine two.", "From our own book, 2020")
    assert "Line one" not in await site.text("/m/tuesday-circle"), "a reading is for those in the room"


async def test_a_group_has_its_own_words(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW)
    assert (form.get("words.facilitator"), form.get("words.share")) == ("facilitator", "share")
    await volunteer.presses("create", form, words__facilitator="boss")
    assert "words.facilitator" in Filled(volunteer.html).wrong
    await volunteer.presses("create", form, words__facilitator="convenor")
    assert (await site.meeting("tuesday-circle"))["format"]["words"] == {"facilitator": "convenor"}


async def test_an_agenda_that_was_only_looked_at_is_the_shipped_one(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW, format="grief")
    await volunteer.presses("create", form)
    assert (await site.meeting("tuesday-circle"))["format"] == "grief"


async def test_the_last_part_of_an_agenda_stays(volunteer: Volunteer) -> None:
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW)
    for _ in range(9):
        form = await volunteer.presses("remove.0", form)
    assert form.get("phase.0.title") == "Closing"


async def test_everything_that_is_wrong_is_told_at_once_beside_its_field(volunteer: Volunteer) -> None:
    form = await volunteer.presses("create", await volunteer.opens("/new"), description="Come in.", minutes="an hour")
    assert volunteer.status == 422
    assert form.wrong == {
        "name": "Please give the meeting a name.",
        "day": "Please choose at least one day.",
        "time": "Please give the time of day at which it begins, like 19:00.",
        "minutes": "Please give a number of minutes, like 5 or 2.5.",
        "timezone": "Please choose the time zone.",
    }
    assert form.get("description") == "Come in."


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "x" * 256}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\u202egnol"}, "name"),
        ({"description": "x" * 5001}, "description"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"time": "25:00"}, "time"),
        ({"day": ["7", "x"]}, "day"),
        ({"minutes": "-5"}, "minutes"),
        ({"minutes": "1e999"}, "minutes"),
        ({"minutes": "nan"}, "minutes"),
        ({"often": "once", "date": "2026-02-30"}, "date"),
        ({"often": "once", "date": "2020-02-20"}, "date"),
        ({"often": "weeks", "date": "2026-12-01", "weeks": "99"}, "often"),
        ({"often": "monthly", "nth": "9", "weekday": "1"}, "nth"),
        ({"often": "sometimes", "date": "2026-12-01"}, "often"),
        ({"format": "../secret"}, "format"),
        ({"types": ["<b>"]}, "types"),
        ({"language": "klingon!"}, "language"),
        ({"passcode": "x" * 129}, "passcode"),
        ({"agenda_of": "circle"}, "format"),
        ({"agenda_of": "circle", "phase.0.kind": "dance"}, "phase.0.kind"),
        ({"agenda_of": "circle", "phase.0.kind": "round", "phase.0.share": "0"}, "phase.0.share"),
        ({"agenda_of": "circle", "phase.0.kind": "reading", "phase.0.text": "x" * 20_001}, "phase.0.text"),
        ({"agenda_of": "circle"} | {f"phase.{n}.kind": "silence" for n in range(51)}, "format"),
    ],
)
async def test_wrong_and_hostile_input_is_told_and_changes_nothing(
    volunteer: Volunteer, site: Site, typed: dict[str, Any], field: str
) -> None:
    form = await volunteer.opens("/new")
    told = await volunteer.presses("create", form, **NEW | typed)
    assert volunteer.status == 422
    assert set(told.wrong) == {field}
    assert await site.schedule.slugs() == set()


async def test_what_was_typed_is_text_and_nothing_else(volunteer: Volunteer) -> None:
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    form = await volunteer.presses("create", await volunteer.opens("/new"), name=evil, description=evil + "</textarea>")
    assert (form.get("name"), form.get("description")) == (evil, evil + "</textarea>")
    assert "<script>alert" not in volunteer.html


async def test_a_forged_form_does_nothing(volunteer: Volunteer, site: Site) -> None:
    form = await volunteer.opens("/new")
    for origin in ("https://evil.example", "null", "https://rooms.example.org.evil.example"):
        await volunteer.presses("create", form, origin=origin, **NEW)
        assert volunteer.status == 403
    for token in ("", "x", form.get("token")[:-1], Tokens("another secret").new()):
        told = await volunteer.presses("create", form, **NEW, token=token)
        assert volunteer.status == 422
        assert "Nothing is lost: please press the button once more." in told.html
    assert await site.schedule.slugs() == set()
    await volunteer.presses("create", told)
    assert volunteer.status == 200, "the form that was shown again has a good token, and all that was typed"


@pytest.mark.parametrize(
    ("who", "key", "status"),
    [
        ("anyone", "", 200),
        ("invited", "", 422),
        ("invited", "wrong", 422),
        ("invited", "come-in", 200),
        ("invited", "operator", 200),
        ("operator", "come-in", 422),
        ("operator", "operator", 200),
    ],
)
async def test_who_may_set_one_up_is_a_setting(tmp_path: Path, who: str, key: str, status: int) -> None:
    settings = {"who_may_create": who, "invitation": "come-in", "operator_key": "operator", "host": "192.0.2.1"}
    async with a_site(tmp_path, **settings) as site:
        volunteer = Volunteer(site)
        form = await volunteer.opens("/new")
        assert ("Invitation, or the operator" in volunteer.html) == (who != "anyone")
        told = await volunteer.presses("create", form, **NEW, key=key)
        assert volunteer.status == status
        assert set(told.wrong) == (set() if status == 200 else {"key"})


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, b"x=" + b"y" * 2_000_000, 413),
        ({"content-type": "application/x-www-form-urlencoded"}, b"&".join([b"a=b"] * 3000), 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nnonsense", 422),
        ({"content-type": "multipart/form-data"}, b"--x", 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"%ff=%00&name=\xff\xfe", 422),
        ({"content-type": "application/json"}, b'{"name": "x"}', 422),
    ],
)
async def test_a_body_that_is_no_form(site: Site, headers: dict[str, str], content: bytes, status: int) -> None:
    answer = await site.http.post("/new", content=content, headers=headers)
    assert answer.status_code == status


async def test_whatever_is_typed_is_answered(volunteer: Volunteer) -> None:
    """Two hundred forms with anything in any field; none is a fault of ours, and none is taken for a good one."""
    chance = random.Random(5)
    form = await volunteer.presses("agenda", await volunteer.opens("/new"), **NEW)
    names = [name for name, _ in form.fields if name != "token"]
    odd = ["", "\x00", "-1", "9" * 400, "1e400", "nan", "😀" * 3, "'\"<>&", "2026-13-45", "24:00", "٣", "..", "[]"]
    for _ in range(200):
        typed = {name.replace(".", "__"): chance.choice(odd) for name in chance.sample(names, 4)} | {"name": "\x00"}
        verb = chance.choice(
            ["create", "agenda", "kinds", "up.1", "down.x", "remove.99999", "add.?", "add.silence", ".", "\x00"]
        )
        await volunteer.presses(verb, form, **typed)
        assert volunteer.status in {200, 422}, typed
    assert await volunteer.site.schedule.slugs() == set()
