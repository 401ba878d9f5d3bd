"""The agenda in a form: a row of fields for each phase, which buttons add, move and remove. Pure."""

from typing import Any, Final

import msgspec

from rooms.formats import Format, Phase
from server.pages.forms import Form

MOST_PHASES: Final = 50
FIELDS: Final = ("was", "kind", "title", "minutes", "text", "credit", "share", "order", "advance", "auto_call")
NEW: Final = {
    "reading": Phase(kind="reading", minutes=5),
    "speaker": Phase(kind="speaker", minutes=20, share_seconds=1200, hard_stop=False),
    "round": Phase(kind="round", minutes=30),
    "silence": Phase(kind="silence", minutes=2, advance="auto", chat="closed"),
    "open": Phase(kind="open", minutes=15),
}

Row = dict[str, str]  # the text in each of `FIELDS`


def rows_of(rules: Format) -> list[Row]:
    """A row for each phase. `was` is the phase's place in the format that the form began with."""
    return [_row(phase, str(place)) for place, phase in enumerate(rules.phase)]


def _row(phase: Phase, was: str) -> Row:
    return {
        "was": was,
        "kind": phase.kind,
        "title": phase.title,
        "minutes": "" if phase.length is None else f"{phase.length / 60_000:g}",
        "text": "" if is_placeholder(phase.text) else phase.text,
        "credit": phase.credit,
        "share": f"{phase.share_seconds / 60:g}",
        "order": phase.order,
        "advance": "auto" if phase.advance == "auto" else "",
        "auto_call": "yes" if phase.auto_call else "",
    }


def is_placeholder(text: str) -> bool:
    """Whether a shipped format only says here what its group should paste."""
    return text.startswith("[") and text.endswith("]")


def rows_in(form: Form) -> list[Row]:
    rows = list[Row]()
    while len(rows) < MOST_PHASES + 1 and form.has(f"phase.{len(rows)}.kind"):
        rows.append({name: form.get(f"phase.{len(rows)}.{name}") for name in FIELDS})
    return rows


def rearranged(rows: list[Row], verb: str, of: str) -> list[Row]:
    """The rows after a button was pressed: `up`, `down` or `remove` with the row's place, `add` with a kind."""
    rows = list(rows)
    if verb == "add" and of in NEW and len(rows) < MOST_PHASES:
        # Before the last one, which is the closing nearly always.
        rows.insert(max(0, len(rows) - 1), _row(NEW[of], f"new-{of}"))
    place = int(of) if of.isascii() and of.isdecimal() and len(of) < 4 else len(rows)
    if place < len(rows):
        if verb == "remove" and len(rows) > 1:
            del rows[place]
        other = {"up": place - 1, "down": place + 1}.get(verb, place)
        if verb in {"up", "down"} and 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
    return rows


def phases_of(rows: list[Row], base: Format, form: Form) -> list[dict[str, Any]]:
    """The phases that the rows say, as they are posted; what a row does not show stays as it was in `base`.

    What is wrong is told in the form.
    """
    return [_phase(row, base, form, f"phase.{place}") for place, row in enumerate(rows)]


def _phase(row: Row, base: Format, form: Form, at: str) -> dict[str, Any]:
    before = _before(row["was"], base, row["kind"])
    shown = _row(before, row["was"])
    phase: dict[str, Any] = msgspec.to_builtins(before)
    phase |= {"kind": row["kind"], "title": row["title"], "credit": row["credit"], "order": row["order"] or "hands"}
    phase |= {"advance": row["advance"] or "manual", "auto_call": row["auto_call"] == "yes"}
    phase["text"] = row["text"].replace("\r\n", "\n")
    if row["minutes"].strip() != shown["minutes"]:
        phase.pop("seconds", None)
        phase.pop("minutes", None)
        if (minutes := number(row["minutes"], form, f"{at}.minutes")) is not None:
            phase["minutes"] = minutes
    if row["share"].strip() != shown["share"]:
        if (share := number(row["share"], form, f"{at}.share")) is not None:
            phase["share_seconds"] = share * 60
        else:
            phase.pop("share_seconds", None)
    return phase


def _before(was: str, base: Format, kind: str) -> Phase:
    if was.isascii() and was.isdecimal() and len(was) < 4 and int(was) < len(base.phase):
        return base.phase[int(was)]
    return NEW.get(was.removeprefix("new-"), NEW.get(kind, NEW["reading"]))


def number(text: str, form: Form, field: str) -> float | int | None:
    """The number that was typed, with a comma or a point; None where nothing was. Tells the form of anything else."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 < value <= 24 * 60:
        form.refuse("wrong.minutes", field)
        return None
    return int(value) if value.is_integer() else value
