"""The shell of the room: the built client's files, the room's name, and nothing else."""

import json

from tests.server.pages.browser import page
from tests.server.site import Site

MANIFEST = {"src/main.tsx": {"file": "assets/main-1a2b.js", "css": ["assets/main-3c4d.css"]}}


def built(site: Site) -> None:
    """A client as Vite leaves it."""
    (site.client / ".vite").mkdir(parents=True)
    (site.client / "assets").mkdir()
    (site.client / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    (site.client / "assets" / "main-1a2b.js").write_text("export {};" * 200)
    (site.client / "assets" / "main-3c4d.css").write_text("main {}")


async def test_it_loads_the_built_client(site: Site) -> None:
    built(site)
    await site.creates()
    shown = await page(site, "/r/tuesday-circle")
    assert ("script", {"type": "module", "src": "/assets/main-1a2b.js"}) in shown.tags
    assert ("link", {"rel": "stylesheet", "href": "/assets/main-3c4d.css"}) in shown.tags
    room = {"id": "room", "data-room": "tuesday-circle", "data-name": "Tuesday circle"}
    assert ("div", room) in shown.tags
    assert "openchair join" in shown.text, "there is a way in without JavaScript"


async def test_the_clients_files_are_kept_for_good_and_compressed(site: Site) -> None:
    built(site)
    answer = await site.http.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    missing = await site.http.get("/assets/main-0000.js")
    assert (missing.status_code, "immutable" in missing.headers.get("cache-control", "")) == (404, False)


async def test_nothing_else_of_the_clients_folder_is_given_away(site: Site) -> None:
    built(site)
    for path in ("/assets/../.vite/manifest.json", "/assets/%2e%2e/.vite/manifest.json", "/assets/", "/static/"):
        assert (await site.http.get(path)).status_code == 404


async def test_without_a_built_client_it_says_what_to_do(site: Site) -> None:
    await site.creates()
    assert "make setup" in (await page(site, "/r/tuesday-circle")).text


async def test_an_occurrence_has_a_page_too_and_an_unknown_meeting_none(site: Site) -> None:
    await site.creates()
    assert "tuesday-circle.20261103T1800Z" in await site.text("/r/tuesday-circle.20261103T1800Z")
    for room in ("nobody", "nobody.20261103T1800Z", ".", "%2e%2e", "x" * 3000):
        assert (await site.http.get(f"/r/{room}")).status_code == 404
