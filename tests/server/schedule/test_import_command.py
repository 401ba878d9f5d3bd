"""`openchair import` and `openchair links`, as a volunteer uses them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from server.schedule.meetings import Schedule, Stored
from tests.server.commands import run
from tests.server.schedule.feed import IMPORTED, SKIPPED, a_feed, row


def a_file(folder: Path, document: Any) -> str:
    path = folder / "feed.json"
    path.write_text(json.dumps(document))
    return str(path)


def links(output: str) -> dict[str, str]:
    """The links by whom they are for."""
    lines = (line.split() for line in output.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and "://" in words[1]}


def test_each_row_that_was_not_imported_is_told_with_its_number(tmp_path: Path) -> None:
    code, output = run("import", a_file(tmp_path, a_feed()), data=tmp_path)
    assert code == 0
    assert "row 11: skipped, not online: neither a link nor a phone number (in-person-11)" in output
    assert "row 8: perhaps not every week: look at its name and notes (other-sunday-8)" in output
    assert "3 skipped: no day and time, or none that can be read." in output
    total = len(IMPORTED) + len(SKIPPED)
    assert output.endswith(f"{total} rows: {len(IMPORTED)} imported, 0 changed, 0 unchanged, {len(SKIPPED)} skipped.\n")


def test_as_json_it_is_one_object_whose_rows_add_up(tmp_path: Path) -> None:
    file = a_file(tmp_path, a_feed())
    assert run("import", file, "--dry-run", data=tmp_path)[1].endswith("Nothing was done yet: this was a dry run.\n")
    for imported, unchanged in ((len(IMPORTED), 0), (0, len(IMPORTED))):
        code, output = run("import", file, "--json", data=tmp_path)
        report = json.loads(output)
        assert code == 0
        assert report.keys() == {"rows", "imported", "changed", "unchanged", "skipped", "warnings"}
        assert (report["imported"], report["changed"], report["unchanged"]) == (imported, 0, unchanged)
        assert report["rows"] == imported + unchanged + len(report["skipped"])
        assert all(note.keys() == {"row", "slug", "reason"} for note in report["skipped"] + report["warnings"])


def test_its_options(tmp_path: Path) -> None:
    file = a_file(tmp_path, [row(timezone=None), row(slug="hall", conference_url=None)])
    assert "no time zone" in run("import", file, data=tmp_path)[1]
    code, output = run("import", file, "--timezone", "europe/berlin", "--all", "--program", "aa", data=tmp_path)
    assert (code, "2 imported" in output) == (0, True)
    renamed = tmp_path / "feed (1).json"
    (tmp_path / "feed.json").rename(renamed)
    again = run("import", str(renamed), "--source", "feed.json", "--timezone", "Europe/Berlin", data=tmp_path)
    assert "0 imported" in again[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.json"], "The file cannot be read: No such file or directory."),
        ([".", "--timezone", "Mars/Olympus"], "There is no such time zone; expected one like Europe/Berlin."),
        (["page.html"], "This is a web page, not a feed."),
        (["object.json"], "This is no feed: expected a list of meetings."),
        (["http://127.0.0.1:1/meetings.json"], "Feeds are not fetched from private networks."),
        (["http://[", "--source", "x"], "This is no address of a feed."),
        (["object.json", "--source", "x" * 256], "The source's name is too long"),
    ],
)
def test_what_cannot_be_imported_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text("<!doctype html>")
    (tmp_path / "object.json").write_text('{"error": 5}')
    code, output = run("import", *arguments, data=tmp_path / "data")
    assert (code, output.startswith(sentence)) == (1, True), output


def test_a_schedule_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    file = a_file(tmp_path, [row()])
    assert run("import", file, data=tmp_path)[0] == 0
    url = f"sqlite+aiosqlite:///file:{tmp_path / 'openchair.sqlite'}?mode=ro&uri=true"
    code, output = run("import", file, "--source", "other", "--database", url, data=tmp_path)
    assert (code, output) == (
        1,
        "The schedule's database cannot be used. It failed: attempt to write a readonly database.\n",
    )


def test_links_are_made_anew_each_time(tmp_path: Path) -> None:
    run("import", a_file(tmp_path, [row()]), data=tmp_path)
    code, output = run("links", "river-group-1", data=tmp_path)
    first = links(output)
    assert code == 0
    assert first.keys() == {"join", "host", "timekeeper", "greeter", "manage"}
    assert first["join"] == "http://127.0.0.1:8000/r/river-group-1"
    assert first["manage"].startswith("http://127.0.0.1:8000/m/river-group-1/manage#key=")
    assert "These replace all links from before" in output
    second = links(run("links", "river-group-1", data=tmp_path)[1])
    assert not {first[name] for name in first if name != "join"} & set(second.values())


def test_links_made_anew_undo_nothing_that_somebody_changes_in_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", a_file(tmp_path, [row()]), data=tmp_path)
    real, turns = Schedule.get, iter([True])

    async def get_and_somebody_changes(self: Schedule, slug: str) -> Stored | None:
        stored = await real(self, slug)
        if stored is not None and next(turns, False):
            await self.change(slug, replace(stored.meeting, name="As it is called now"), stored.secrets)
        return stored

    monkeypatch.setattr(Schedule, "get", get_and_somebody_changes)
    assert run("links", "river-group-1", data=tmp_path)[0] == 0

    async def name() -> str:
        schedule = Schedule(f"sqlite+aiosqlite:///{tmp_path / 'openchair.sqlite'}", lambda: 0)
        stored = await real(schedule, "river-group-1")
        await schedule.close()
        assert stored is not None
        return stored.meeting.name

    assert asyncio.run(name()) == "As it is called now"


def test_links_are_those_of_the_site(tmp_path: Path) -> None:
    run("import", a_file(tmp_path, [row()]), data=tmp_path)
    env = {"OPENCHAIR_ORIGIN": "https://circle.example,https://www.circle.example"}
    named = links(run("links", "river-group-1", data=tmp_path, env=env)[1])
    given = links(run("links", "river-group-1", "--base", "https://other.example/", data=tmp_path, env=env)[1])
    assert named["join"] == "https://circle.example/r/river-group-1"
    assert given["join"] == "https://other.example/r/river-group-1"


def test_there_are_no_links_of_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "openchair.sqlite"
    assert run("links", "nobody", data=tmp_path) == (1, f"There is no schedule in {path} yet.\n")
    assert not path.exists()
    run("import", a_file(tmp_path, []), data=tmp_path)
    assert run("links", "nobody", data=tmp_path) == (1, "There is no such meeting here.\n")
