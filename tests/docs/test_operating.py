"""docs/operating.md says what there is, all of it, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import typer

from config.settings import PREFIX, SECRETS, Settings, expected
from server.cli import app
from server.stats import Gauges, Metrics

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def table(first: str) -> list[tuple[str, ...]]:
    """The rows of the tables whose first cells begin with `first`."""
    lines = (line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith(f"| `{first}"))
    return [tuple(cell.strip("` |") for cell in line) for line in lines]


def settings() -> Iterator[tuple[str, ...]]:
    for field in msgspec.structs.fields(Settings):
        kind, meta = get_args(field.type)[:2]
        default = field.default
        shown = f"{default:.12g}" if isinstance(default, int | float) else default or ""
        yield f"{PREFIX}{field.name.upper()}", shown, expected(kind, meta), meta.description


def metrics() -> Iterator[tuple[str, ...]]:
    for family in Metrics(Gauges).collect():
        if not family.name.startswith("openchair_"):
            continue  # of the process, as every program has them
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le", "worker"})
        name = family.name + ("_total" if family.type == "counter" else "")
        yield name + (f"{{{','.join(labels)}}}" if labels else ""), family.type, family.documentation


def test_every_setting_is_in_its_table_with_default_range_and_meaning() -> None:
    assert [row for row in table(PREFIX) if len(row) == 4] == [
        (name, default, may_be, text) for name, default, may_be, text in settings()
    ]


def test_every_metric_is_in_its_table_with_kind_and_meaning() -> None:
    assert table("openchair_") == list(metrics())


def test_no_variable_is_named_that_is_none() -> None:
    known = {name for name, *_ in settings()} | {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", TEXT)) <= known


def test_no_limit_is_named_that_is_no_setting() -> None:
    limits = TEXT.partition("## Limits")[2].partition("\n## ")[0]
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(r"`([A-Z_]+)`", limits)) <= known


def test_every_command_and_option_in_it_exists() -> None:
    named = re.findall(r"(?:^    |\W)openchair ([a-z]+)((?: [^`\n]*)?)", TEXT)
    commands = [(name, rest) for name, rest in named if name in COMMANDS]
    assert {name for name, _ in commands} >= {"serve", "import", "links", "check"}
    for name, rest in commands:
        options = {
            option for parameter in COMMANDS[name].params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"--[a-z-]+", rest)) <= options | {"--help"}, name


@pytest.mark.parametrize(
    "sentence",
    [
        "A setting is wrong.",
        "Nobody can listen on",
        "Another server is running on the data folder",
        "The data folder cannot be used:",
        "The schedule's database cannot be used.",
        "It cannot be written to:",
        "It cannot be opened:",
        "It was made by a newer version of Openchair than this one.",
        "There is no schedule in",
        "Many people are coming in just now",
        "The schedule cannot be reached just now",
    ],
)
def test_what_it_quotes_is_what_the_server_says(sentence: str) -> None:
    assert sentence in TEXT
    files = [*(ROOT / "server").rglob("*.py"), ROOT / "config" / "messages" / "en.json"]
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    assert sentence in sources


def test_its_links_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors
        else:
            assert (ROOT / "docs" / target).exists(), target
