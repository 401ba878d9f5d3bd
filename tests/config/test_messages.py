"""The words of the pages that the server renders: every one is used, and every language says all of them."""

import json
import re
from pathlib import Path

import pytest

from server.pages.words import DEFAULT, NAMES, words

CATALOGUES = Path(__file__).parents[2] / "config" / "messages"
PAGES = Path(__file__).parents[2] / "server" / "pages"
Message = str | dict[str, str]


def catalogue(language: str) -> dict[str, Message]:
    found: dict[str, Message] = json.loads((CATALOGUES / f"{language}.json").read_text(encoding="utf-8"))
    return found


def source() -> str:
    files = [*PAGES.rglob("*.html"), *PAGES.rglob("*.py"), *PAGES.rglob("*.js")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def used(text: str) -> re.Pattern[str]:
    """Keys in quotes, and `"error." ~ code ~ ".title"` or `f"error.{code}.text"` for all of that shape."""
    keys = re.findall(r"[\"'`]([a-z_]+(?:\.[a-z_0-9]+)+)[\"'`]", text)
    joined = re.findall(r"\"([a-z_.]+\.)\" ~ [\w.]+(?: ~ \"([a-z_.]*)\")?", text)
    filled = re.findall(r"f\"([a-z_.]+\.)\{[^}]*\}([a-z_.]*)\"", text)
    shapes = [f"{re.escape(before)}[a-z_0-9]+{re.escape(after)}" for before, after in joined + filled]
    return re.compile("|".join([*map(re.escape, keys), *shapes]))


def values(message: Message) -> set[str]:
    return set(re.findall(r"\{\w+\}", message if isinstance(message, str) else message["other"]))


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert {file.stem for file in CATALOGUES.glob("*.json")} == set(NAMES)


def test_no_message_is_unused() -> None:
    pattern = used(source())
    assert [key for key in catalogue(DEFAULT) if not pattern.fullmatch(key)] == []


def test_every_message_that_a_template_asks_for_is_there() -> None:
    asked = set(re.findall(r"\bt\(\"([a-z_.0-9]+)\"[,)]", source()))
    assert asked - set(catalogue(DEFAULT)) == set()


@pytest.mark.parametrize("language", NAMES)
def test_a_language_says_all_that_is_said_in_english_and_nothing_else(language: str) -> None:
    said, english = catalogue(language), catalogue(DEFAULT)
    assert [key for key in english if key not in said] == []
    assert set(said) - set(english) == set()
    for key, message in said.items():
        assert type(message) is type(english[key]), key
        assert values(message) == values(english[key]), key


@pytest.mark.parametrize("language", NAMES)
def test_a_message_that_counts_has_the_forms_of_its_language(language: str) -> None:
    forms = {"other", *words(language)._locale.plural_form.tags}
    if language != "ar":
        forms.discard("many")  # in the Romance languages it is for millions
    for key, message in catalogue(language).items():
        assert isinstance(message, str) or set(message) == forms, key
