"""In which language a page is: the one chosen, else the first that the browser asks for and we have."""

from datetime import date

import pytest

from server.pages.words import NAMES, words
from tests.server.site import Site


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("nl,fr;q=0.5,de;q=0.7", "de"),
        ("de;q=0,en;q=0.1", "en"),
        ("xx;q=much,*;q=0.1", "en"),
        ("ar-EG", "ar"),
    ],
)
async def test_a_page_speaks_the_browsers_language(site: Site, header: str, language: str) -> None:
    answer = await site.http.get("/", headers={"Accept-Language": header})
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert "Accept-Language" in answer.headers["vary"]
    assert "set-cookie" not in answer.headers


async def test_a_choice_holds_until_the_browser_is_closed(site: Site) -> None:
    chosen = await site.http.get("/?language=fr", headers={"Accept-Language": "de"})
    assert '<html lang="fr"' in chosen.text
    assert chosen.headers["set-cookie"] == "language=fr; Path=/; SameSite=strict"
    again = await site.http.get("/nowhere", headers={"Accept-Language": "de"})
    assert "Introuvable" in again.text


async def test_a_language_that_we_do_not_have_changes_nothing(site: Site) -> None:
    answer = await site.http.get("/?language=../en")
    assert '<html lang="en"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_every_page_offers_every_language_by_its_own_name(site: Site) -> None:
    shown = await site.text("/")
    assert all(name in shown for name in NAMES.values())


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "Tuesday 3 November"),
        ("es", "martes, 3 de noviembre"),
        ("fr", "mardi 3 novembre"),
        ("de", "Dienstag, 3. November"),
        ("pt", "terça-feira, 3 de novembro"),
        ("ar", "الثلاثاء، 3 نوفمبر"),
    ],
)
def test_a_day_is_written_as_the_language_writes_it(language: str, day: str) -> None:
    assert words(language).long_day(date(2026, 11, 3)) == day
