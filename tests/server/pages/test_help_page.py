"""“Get help now”: the numbers of a country, with the day on which each was checked."""

from pathlib import Path

import pytest

from config.help import help_lines
from config.settings import Settings, SettingsError, load
from tests.server.pages.browser import page
from tests.server.site import Site, a_site

OWN = """
written = 2026-01-02
[[country]]
code = "FR"
emergency = ["112"]
checked = 2026-02-03
[[country.line]]
name = "Quelqu'un qui écoute"
number = "01 02 03"
checked = 2026-03-04
[[country]]
code = "DE"
emergency = ["112"]
"""


async def test_a_country_is_chosen_and_its_lines_are_shown(site: Site) -> None:
    shown = await page(site, "/help?country=US")
    assert shown.links["tel:988"] == "988"
    assert shown.links["tel:911"] == "911"
    assert "not yet checked by whoever hosts this site" in shown.text


async def test_the_browsers_country_comes_first(site: Site) -> None:
    answer = await site.http.get("/help", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert 'href="tel:142"' in answer.text
    assert "Österreich" in answer.text
    assert 'href="tel:142"' not in await site.text("/help?country=../..")


async def test_every_page_leads_there_and_away(site: Site) -> None:
    await site.creates()
    for path in ("/", "/m/tuesday-circle", "/help", "/offline", "/new"):
        shown = await page(site, path)
        assert "/help" in shown.links, path
        assert shown.links["https://www.wikipedia.org"] == "Leave quickly", path


async def test_whoever_hosts_has_lines_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "help.toml").write_text(OWN)
    async with a_site(tmp_path, help=str(tmp_path / "help.toml"), leave_to="https://example.com") as site:
        shown = await page(site, "/help?country=FR")
        assert "Quelqu'un qui écoute" in shown.text
        assert "Checked on Wednesday 4 March 2026" in shown.text
        assert "https://example.com" in shown.links
        data = (await site.http.get("/help.json")).json()
        assert data["country"][0]["line"][0] == {
            "name": "Quelqu'un qui écoute",
            "number": "01 02 03",
            "checked": "2026-03-04",
        }


def test_the_shipped_lines_claim_no_check_that_nobody_made() -> None:
    lines = help_lines()
    assert len(lines.country) >= 30
    assert not any(it.checked or any(line.checked for line in it.line) for it in lines.country)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("written = 2026-01-02\ncountry = []", "country"),
        ("what is this", ""),
        (OWN.replace("01 02 03", "<b>"), "number"),
    ],
)
def test_a_wrong_list_stops_the_start(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "help.toml").write_text(text)
    with pytest.raises(SettingsError, match=f"OPENCHAIR_HELP: .*{why}"):
        load({"OPENCHAIR_HELP": str(tmp_path / "help.toml")})
    with pytest.raises(SettingsError, match="OPENCHAIR_HELP: No such file"):
        load({"OPENCHAIR_HELP": str(tmp_path / "nothing.toml")})
    assert Settings().help == ""
