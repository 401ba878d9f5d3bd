"""docs/grafana.json asks for numbers that there are, for all of them, and by labels that they have."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.stats import Gauges, Metrics

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OF_THE_TARGET = {"job", "instance"}  # Prometheus' own labels
WORDS = re.compile(r"\b(?:openchair|process)_\w+")


def samples() -> dict[str, set[str]]:
    """The labels of each number, by its name."""
    found: dict[str, set[str]] = {}
    for family in Metrics(Gauges).collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


NUMBERS = samples()


def questions() -> list[Any]:
    return [
        pytest.param(target["expr"], target["legendFormat"], id=f"{panel['title']} {target['refId']}")
        for panel in PANELS
        for target in panel["targets"]
    ]


@pytest.mark.parametrize(("expression", "legend"), questions())
def test_what_is_asked_for_is_there(expression: str, legend: str) -> None:
    named = WORDS.findall(expression)
    assert named
    assert set(named) <= NUMBERS.keys()
    labels = set.intersection(*(NUMBERS[name] for name in named)) | OF_THE_TARGET
    used = [*re.findall(r"by \(([^)]*)\)", expression), *re.findall(r"{{(\w+)}}", legend)]
    assert {label.strip() for part in used for label in part.split(",")} <= labels
    for selector in re.findall(r"{([^}]*)}", expression):
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", selector)) <= labels
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("name", sorted(it for it in NUMBERS if it.startswith("openchair_")))
def test_every_number_is_shown(name: str) -> None:
    """Of a histogram its buckets."""
    shown = {word for panel in PANELS for target in panel["targets"] for word in WORDS.findall(target["expr"])}
    assert name in shown or re.sub("_(sum|count)$", "_bucket", name) in shown


def test_no_panel_hides_another() -> None:
    cells = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & own, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= own
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_alerts_in_the_docs_ask_for_numbers_that_there_are() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    alerts = operating.partition("      - alert:")[2].partition("```")[0]
    assert alerts.count("expr:") >= 10
    assert set(WORDS.findall(re.sub('job="openchair"', "", alerts))) <= NUMBERS.keys()
