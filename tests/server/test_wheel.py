"""A built wheel has in it all that a meeting needs: installed elsewhere, it serves one, by workers and Redis, too."""

import asyncio
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

from client.room import connect
from tests.valkey import Valkey

ROOT = Path(__file__).parents[2]
SECONDS = 60


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`openchair`, out of the wheel, in an environment that has nothing of this folder but the libraries."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip = [sys.executable, "-m", "pip"]
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    wheels = ["wheel", *options, "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *wheels], check=True, timeout=SECONDS)
    [wheel] = folder.glob("openchair-*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", *options, str(wheel)], check=True, timeout=SECONDS)
    [site] = (folder / "env" / "lib").glob("python*/site-packages")
    # The libraries come by their path; of what is installed there for editing only a file of paths, which is not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    where = subprocess.check_output([python, "-c", "import server; print(server.__file__)"], cwd=folder, text=True)
    assert Path(where.strip()).is_relative_to(site)
    return folder / "env" / "bin" / "openchair"


async def serves(program: Path, data: Path, *options: str) -> None:
    process = await asyncio.create_subprocess_exec(
        program, "serve", "--port", "0", "--data", data, *options, cwd=data, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(SECONDS):
            said = ""
            while not (found := re.search(r"port=\S*?(\d+)", said)):
                line = await process.stderr.readline()
                assert line, said
                said += line.decode()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{found[1]}") as client:
                await holds_a_meeting(client)
    finally:
        process.terminate()
        await asyncio.gather(process.stderr.read(), process.wait())
    assert process.returncode == 0


async def holds_a_meeting(client: httpx.AsyncClient) -> None:
    body = {"name": "Circle", "timezone": "UTC", "minutes": 60, "now": True, "format": "circle"}
    made = await client.post("/api/meetings", json=body)
    assert made.status_code == 201, made.text
    link = made.json()["join_url"]
    for path in ("/", "/new", "/help", "/m/circle", "/api/openapi.json"):
        assert (await client.get(path)).status_code == 200, path
    page = await client.get("/r/circle")
    scripts = re.findall(r'<script type="module"[^>]* src="([^"]+)"', page.text)
    assert scripts
    for script in scripts:
        assert script.endswith(".js")
        for encoding in ("br", "gzip", "identity"):
            asset = await client.get(script, headers={"Accept-Encoding": encoding})
            assert asset.status_code == 200
            assert asset.headers.get("content-encoding", "identity") == encoding
    async with connect(link, name="Robin") as room:
        await room.say(text="Installed, and not only here")
        assert room.state.name == "Circle"


@pytest.mark.timeout(200)
async def test_it_serves_a_meeting(program: Path, tmp_path: Path) -> None:
    await serves(program, tmp_path)


@pytest.mark.timeout(200)
async def test_its_workers_serve_a_meeting_through_redis(program: Path, tmp_path: Path, valkey: Valkey) -> None:
    valkey.forget_everything()
    await serves(program, tmp_path, "--workers", "2", "--redis", valkey.url)
