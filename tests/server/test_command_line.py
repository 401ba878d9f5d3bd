"""`openchair serve`: what it says when something is wrong."""

import asyncio
import os
import socket
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from server.installation import take
from server.redis.place import EXPECTED
from tests.server.client import Client
from tests.server.kit import OPENCHAIR


def said(*arguments: str, limited: str = "") -> tuple[int, str]:
    """The command's exit code and all that it wrote, with the limits that `ulimit` sets."""
    command = [*OPENCHAIR, *arguments]
    if limited:
        command = ["sh", "-c", f'ulimit {limited} && exec "$@"', "sh", *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("redis", "why"),
    [
        ("redis://127.0.0.1:1", "nothing answers at 127.0.0.1:1."),
        ("redis+cluster://127.0.0.1:1,localhost:1", "nothing answers at localhost:1."),
        ("redis+sentinel://127.0.0.1:1/rooms", "none of its Sentinels answers."),
        ("redis+sentinel://127.0.0.1:1", EXPECTED),
        ("redis://one:6379,two:6379", EXPECTED),
        ("redis://127.0.0.1:1?nonsense=1", EXPECTED),
        ("nonsense", EXPECTED),
    ],
)
def test_a_redis_that_cannot_be_used_is_told(tmp_path: Path, redis: str, why: str) -> None:
    assert said("serve", "--data", str(tmp_path), "--redis", redis) == (1, f"The Redis cannot be used: {why}\n")


def test_a_wrong_option_is_named() -> None:
    assert said("serve", "--port", "70000") == (
        1,
        "A setting is wrong. --port: expected a whole number, 0 to 65535, got '70000'\n",
    )
    code, sentence = said("serve", "--origin", "circle.example")
    assert (code, "'circle.example'" in sentence) == (1, True)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCHAIR_ROOMS", "many")
    code, sentence = said("serve")
    assert (code, "OPENCHAIR_ROOMS" in sentence) == (1, True)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, sentence = said("serve", "--port", str(port), "--data", str(tmp_path))
    assert (code, sentence) == (1, f"Nobody can listen on 127.0.0.1, port {port}: Address already in use.\n")


@pytest.mark.parametrize("files", [12, 40, 255])
def test_too_few_open_files_are_told(tmp_path: Path, files: int) -> None:
    code, sentence = said("serve", "--port", "0", "--data", str(tmp_path), limited=f"-n {files}")
    assert code == 1
    assert sentence.startswith(
        f"The server cannot start. It may have {files} files open, and needs at least 256: raise"
    )
    code, report = said("check", "--data", str(tmp_path), limited=f"-n {files}")
    assert (code, f"NOT SOUND: It may have {files} files open" in report) == (1, True)


def test_a_limit_of_open_files_is_raised_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCHAIR_CONNECTIONS", "500")
    code, report = said("check", "--data", str(tmp_path), limited="-S -n 64")
    assert (code, "open files   sound\n" in report) == (0, True)


async def test_connections_are_as_many_as_the_open_files_allow(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", 'ulimit -n 256 && exec "$@"', "sh", *OPENCHAIR, "serve", "--port", "0", "--data", str(tmp_path)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"few_files                      connections=128" in await process.stderr.readline()
    port = int((await process.stderr.readline()).rpartition(b"port=")[2])
    async with AsyncExitStack() as stack:
        for _ in range(128):
            client = await Client.connect(port, "circle", text=False)
            stack.push_async_callback(client.leave_the_line)
        with pytest.raises(InvalidStatus, match="503"):
            await Client.connect(port, "circle", text=False)
    process.terminate()
    assert await process.wait() == 0


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, sentence = said("serve", "--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert (code, sentence) == (1, "The data folder cannot be used: Not a directory.\n")


def test_a_database_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "openchair.sqlite").write_bytes(b"this is no database" * 100)
    code, sentence = said("serve", "--port", "0", "--data", str(tmp_path))
    assert (code, sentence) == (
        1,
        "The schedule's database cannot be used. It cannot be opened: file is not a database.\n",
    )


def test_a_second_server_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    descriptor = take(tmp_path)
    try:
        code, sentence = said("serve", "--port", "0", "--data", str(tmp_path))
    finally:
        os.close(descriptor)
    assert (code, sentence) == (1, f"Another server is running on the data folder {tmp_path}.\n")
    os.close(take(tmp_path))  # free again
