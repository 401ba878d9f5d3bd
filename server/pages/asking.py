"""What the forms about meetings offer to choose from, and how they are shown."""

from typing import Any, Final

from babel import Locale
from msgspec.structs import asdict

from config import formats
from config.meeting_types import type_names
from rooms.formats import Words as OwnWords
from server.pages.agenda_form import NEW, Row, rows_in, rows_of
from server.pages.forms import Form
from server.pages.meeting_form import OWN, OWN_WORDS, agenda_in, base_of
from server.pages.saying import NTH, format_name, key_of, minutes_of, rule_in_words
from server.pages.words import Words
from server.schedule.meetings import Meeting, Stored
from server.schedule.zones import places

# The commonest kind first.
KINDS: Final = ("discussion", "circle", "speaker", "study", "check-in", "grief", "quiet")
ORDERS: Final = ("hands", "fifo", "circle", "pick")
LANGUAGES: Final = [
    "ar",
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hr",
    "hu",
    "is",
    "it",
    "ja",
    "ko",
    "lt",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sv",
    "sw",
    "th",
    "tl",
    "tr",
    "uk",
    "vi",
    "zh",
]
# What these fellowships call themselves; the codes are those of the meeting finders.
PROGRAMS: Final = {
    "aa": "Alcoholics Anonymous",
    "aca": "Adult Children of Alcoholics & Dysfunctional Families",
    "al-anon": "Al-Anon",
    "ca": "Cocaine Anonymous",
    "cma": "Crystal Meth Anonymous",
    "coda": "Co-Dependents Anonymous",
    "da": "Debtors Anonymous",
    "eda": "Eating Disorders Anonymous",
    "ga": "Gamblers Anonymous",
    "ma": "Marijuana Anonymous",
    "na": "Narcotics Anonymous",
    "oa": "Overeaters Anonymous",
    "rd": "Recovery Dharma",
    "saa": "Sex Addicts Anonymous",
    "slaa": "Sex and Love Addicts Anonymous",
    "ua": "Underearners Anonymous",
    "va": "Violence Anonymous",
}
# Of the many types those that mean the same nearly everywhere; a meeting keeps what else it has.
TYPES: Final = ("O", "C", "BE", "D", "SP", "ST", "LIT", "MED", "M", "W", "NB", "LGBTQ", "POC", "SEN", "Y", "ASL")


def asking(t: Words, form: Form, stored: Stored | None = None) -> dict[str, Any]:
    """The values that the templates of a meeting's form need."""
    meeting = stored.meeting if stored is not None else None
    rows = agenda_in(form, meeting)
    return {
        "form": form,
        "stored": stored,
        "formats": _formats(t, meeting),
        "rows": rows,
        "kinds": NEW,
        "own_words": [
            (f"words.{of}", t(f"words.{of}"), [(word, t(f"word.{word}")) for word in choices])
            for of, choices in OWN_WORDS.items()
        ],
        "phase_kinds": [(kind, t(f"phase.{kind}")) for kind in NEW],
        "orders": [(order, t(f"order.{order}")) for order in ORDERS],
        "agenda_minutes": _minutes(rows),
        "format_name": lambda name: format_name(t, name),
        "weekday": t.weekday,
        "weekdays": [(str(day), t.weekday(day)) for day in (1, 2, 3, 4, 5, 6, 0)],
        "weeks": [(str(n), t("setup.every_weeks", n=n)) for n in range(2, 9)],
        "nths": [(nth, t(f"nth.{nth.replace('-1', 'last')}")) for nth in NTH],
        "zone_names": places().items,
        "language_names": _languages(t, form.get("language")),
        "programs": [("", t("setup.no_program")), *_with(PROGRAMS, form.get("program"))],
        "types": _types(t, form),
        "as_it_is": None
        if meeting is None or form.get("often") != "as-it-is"
        else rule_in_words(t, meeting.recurrence),
    }


def _formats(t: Words, meeting: Meeting | None) -> list[tuple[str, str, str]]:
    """The formats to choose from: code, name, and what it is like; the meeting's own before all others."""
    own = [(OWN, meeting.rules)] if meeting is not None and not isinstance(meeting.format, str) else []
    offered = own + [(name, formats.shipped()[name]) for name in KINDS]
    lengths = [t("length.minutes", n=minutes_of(rules)) for _, rules in offered]
    likes = [t(f"format.{key_of(name)}.like") for name, _ in offered]
    return [
        (name, format_name(t, name), f"{like} {length}")
        for (name, _), like, length in zip(offered, likes, lengths, strict=True)
    ]


def open_agenda(form: Form, meeting: Meeting | None) -> None:
    """Show the chosen format's agenda for changes."""
    name = form.get("format")
    base = base_of(form, meeting)
    form.set("agenda_of", name if name in formats.shipped() else OWN)
    form.set("waiting_room", "yes" if base.waiting_room else "")
    for of, word in asdict(base.words or OwnWords()).items():
        form.set(f"words.{of}", word)
    put_rows(form, rows_of(base))


def close_agenda(form: Form) -> None:
    """Choose among the formats again."""
    form.drop("agenda_of")


def put_rows(form: Form, rows: list[Row]) -> None:
    """Have the form show these rows instead of those it had."""
    for place in range(len(rows_in(form))):
        form.drop(f"phase.{place}.kind")
    for place, row in enumerate(rows):
        for name, text in row.items():
            form.set(f"phase.{place}.{name}", text)


def _minutes(rows: list[Row]) -> int:
    found = 0.0
    for row in rows:
        try:
            found += float(row["minutes"].strip().replace(",", ".") or 0)
        except ValueError:
            continue
    return round(found) if 0 <= found < 100_000 else 0


def _languages(t: Words, chosen: str) -> list[tuple[str, str]]:
    names = {code: str(Locale.parse(code).get_display_name() or code).capitalize() for code in LANGUAGES}
    return [("", t("setup.no_language")), *_with(dict(sorted(names.items(), key=lambda it: it[1])), chosen)]


def _types(t: Words, form: Form) -> list[tuple[str, str]]:
    codes = [*TYPES, *(code for code in form.all("types") if code not in TYPES)]
    names = {code: type_names([code], form.get("program").lower()) for code in codes}
    return [(code, t.type_name(names[code][0]) if names[code] else code) for code in codes]


def _with(options: dict[str, str], chosen: str) -> list[tuple[str, str]]:
    """The options, and what was chosen before and is none of them."""
    return [*options.items(), *([(chosen, chosen)] if chosen and chosen not in options else [])]
