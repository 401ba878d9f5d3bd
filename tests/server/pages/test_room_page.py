"""The shell of the room: the built client's files, the room's name, and nothing else."""

import json
from base64 import b64encode
from hashlib import sha256

from tests.server.pages.browser import page
from tests.server.site import Site

MANIFEST = {
    "src/main.tsx": {
        "file": "assets/main-1a2b.js",
        "css": ["assets/main-3c4d.css"],
        "imports": ["_early.js", "_room.js"],
    },
    "_early.js": {"file": "assets/early-5e6f.js", "name": "early"},
    "_room.js": {"file": "assets/room-7a8b.js", "name": "room"},
}

NAME_FIELD = {
    "id": "name",
    "aria-describedby": "name-hint",
    "required": None,
    "maxlength": "40",
    "autocomplete": "given-name",
    "autocapitalize": "words",
    "enterkeyhint": "go",
}


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
    scripts = [attributes for tag, attributes in shown.tags if tag == "script"]
    assert [it["src"] for it in scripts] == ["/assets/early-5e6f.js", "/assets/main-1a2b.js"]
    assert "async" in scripts[0], "what need not wait for the rest does not"
    preloaded = [attributes["href"] for tag, attributes in shown.tags if attributes.get("rel") == "modulepreload"]
    assert preloaded == ["/assets/room-7a8b.js"]
    assert "<style>main {}</style>" in shown.html, "its styles come with it"
    assert ("input", NAME_FIELD) in shown.tags, "a name can be typed before the scripts are there"
    room = next(attributes for tag, attributes in shown.tags if attributes.get("id") == "room")
    assert room["data-room"] == "tuesday-circle"
    described = json.loads(room["data-meeting"] or "")
    assert described["name"] == "Tuesday circle"
    assert described["next"]["doors_at"] < described["next"]["starts_at"]
    assert described["has_passcode"] is False
    assert "openchair join" in shown.text, "there is a way in without JavaScript"


async def test_its_policy_allows_its_own_styles_and_no_others(site: Site) -> None:
    built(site)
    await site.creates()
    policies = (await site.http.get("/r/tuesday-circle")).headers.get_list("content-security-policy")
    digest = b64encode(sha256(b"main {}").digest()).decode()
    assert len(policies) == 1
    assert f"style-src 'self' 'sha256-{digest}';" in policies[0]
    assert "script-src 'self';" in policies[0]


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


async def test_a_browser_gets_the_copy_that_the_build_has_compressed(site: Site) -> None:
    built(site)
    for suffix, text in ((".br", b"in brotli"), (".gz", b"in gzip")):
        (site.client / "assets" / f"main-1a2b.js{suffix}").write_bytes(text)
    for accepted, encoding, length in (("br, gzip", "br", 9), ("gzip;q=1.0", "gzip", 7), ("identity", None, 2200)):
        answer = await site.http.head("/assets/main-1a2b.js", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
        assert int(answer.headers["content-length"]) == length or encoding is None
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert encoding is None or "Accept-Encoding" in answer.headers["vary"]


async def test_what_is_written_about_a_meeting_stays_text(site: Site) -> None:
    built(site)
    await site.creates(name='"><script>alert(1)</script>', description="'\" onload=alert(1) <b>")
    shown = await page(site, "/r/script-alert-1-script")
    scripts = [attributes["src"] for tag, attributes in shown.tags if tag == "script"]
    assert scripts == ["/assets/early-5e6f.js", "/assets/main-1a2b.js"]


async def test_it_can_be_installed_and_its_worker_is_new_with_each_build(site: Site) -> None:
    manifest = (await site.http.get("/manifest.webmanifest")).json()
    for icon in manifest["icons"]:
        assert (await site.http.get(icon["src"])).headers["content-type"] == icon["type"]
    built(site)
    first = await site.text("/worker.js")
    (site.client / ".vite" / "manifest.json").write_text(json.dumps({"src/main.tsx": {"file": "assets/main-5e6f.js"}}))
    assert await site.text("/worker.js") != first
    assert "There is no line" in (await page(site, "/offline")).text


async def test_whoever_cannot_come_in_is_told_what_comes_next(site: Site) -> None:
    await site.creates()
    await site.made(name="Open now", now=True)
    told = (await site.http.get("/next.json")).json()["meetings"]
    assert [(it["name"], it["is_open"]) for it in told] == [("Open now", True), ("Tuesday circle", False)]
