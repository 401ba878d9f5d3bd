"""`openchair check`: what it finds in installations that are sound, new, or broken. It makes nothing by itself."""

import socket
import sqlite3
from pathlib import Path

import pytest

from server.schedule.database import Unusable, bring_up_to_date, check_writable, engine_for
from tests.server.commands import run
from tests.valkey import Valkey


def an_installation(folder: Path) -> Path:
    """A data folder with a schedule in it; its database."""
    (folder / "feed.json").write_text("[]")
    assert run("import", str(folder / "feed.json"), data=folder)[0] == 0
    return folder / "openchair.sqlite"


def test_a_sound_installation(tmp_path: Path) -> None:
    database = an_installation(tmp_path)
    code, report = run("check", data=tmp_path)
    assert code == 0
    for what in ("settings", "data folder", "disk", "database", "clock", "workers"):
        assert f"{what:12} sound" in report
    assert f"sound, 0 meetings ({database})" in report, "a wrong path is seen at once"


def test_an_installation_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    code, report = run("check", data=tmp_path / "new")
    assert code == 0
    assert f"not there yet: the first start makes it ({tmp_path / 'new'})" in report
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "openchair.sqlite").write_bytes(b"this is no database" * 100)
    code, report = run("check", data=tmp_path)
    assert code == 1
    assert "database     NOT SOUND: It cannot be opened: file is not a database." in report


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    with sqlite3.connect(an_installation(tmp_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '999'")
    code, report = run("check", data=tmp_path)
    assert (code, "made by a newer version" in report) == (1, True)


def test_a_database_that_only_lets_itself_be_read(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///file:{an_installation(tmp_path)}?mode=ro&uri=true"
    code, report = run("check", "--database", url, data=tmp_path)
    assert (code, "It cannot be written to: attempt to write a readonly database." in report) == (1, True)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("schedule.sqlite", "Its URL is not understood"),
        ("mysql+nothing://localhost/openchair", "Its URL is not understood"),
        ("mysql+aiomysql://operator:opensesame@localhost/openchair", "Its driver is not installed here: aiomysql"),
        ("postgresql://operator:opensesame@127.0.0.1:1/openchair", "It cannot be opened: "),
    ],
)
def test_a_database_url_that_cannot_be_used_is_not_repeated(tmp_path: Path, url: str, sentence: str) -> None:
    code, report = run("check", "--database", url, data=tmp_path)
    assert (code, sentence in report) == (1, True)
    assert "opensesame" not in report


async def test_a_folder_that_takes_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_for(f"sqlite+aiosqlite:///{tmp_path}/openchair.sqlite")
    await bring_up_to_date(engine)
    await check_writable(engine)
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)  # the tests' user may write anywhere
    with pytest.raises(Unusable, match=r"its folder is read-only"):
        await check_writable(engine)
    await engine.dispose()


async def test_a_database_that_takes_the_line_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.schedule.database.CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = engine_for(f"postgresql://openchair@127.0.0.1:{silent.getsockname()[1]}/openchair")
        with pytest.raises(Unusable, match=r"^It cannot be opened: it does not answer\.$"):
            await bring_up_to_date(engine)
        await engine.dispose()


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, report = run("check", data=tmp_path / "file")
    assert (code, "NOT SOUND: it is no folder" in report) == (1, True)


def test_a_signing_key_that_is_empty(tmp_path: Path) -> None:
    (tmp_path / "signing-key").touch()
    code, report = run("check", data=tmp_path)
    assert (code, "its signing-key is empty" in report) == (1, True)


@pytest.mark.parametrize(
    ("environ", "advice"),
    [
        ({}, "only this machine can reach the server"),
        ({"HOST": "0.0.0.0"}, "there is no OPENCHAIR_OPERATOR_KEY"),
        ({"HOST": "0.0.0.0", "WHO_MAY_CREATE": "invited", "INVITATION": "come"}, "without OPENCHAIR_ORIGIN"),
        ({"HOST": "0.0.0.0", "WHO_MAY_CREATE": "anyone"}, "without OPENCHAIR_ORIGIN"),
        ({"HOST": "0.0.0.0", "OPERATOR_KEY": "mine", "ORIGIN": "https://circle.example"}, "settings     sound\n"),
        ({"ORIGIN": "http://localhost:8000"}, "settings     sound\n"),
    ],
)
def test_it_says_what_the_settings_come_to(tmp_path: Path, environ: dict[str, str], advice: str) -> None:
    env = {f"OPENCHAIR_{name}": value for name, value in environ.items()}
    code, report = run("check", data=tmp_path, env=env)
    assert (code, advice in report) == (0, True), report


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    code, report = run("check", data=tmp_path, env={"OPENCHAIR_PORT": "x"})
    assert code == 1
    assert report == "A setting is wrong. OPENCHAIR_PORT: expected a whole number, 0 to 65535, got 'x'\n"


def test_several_workers_need_a_redis(tmp_path: Path) -> None:
    code, report = run("check", data=tmp_path, env={"OPENCHAIR_WORKERS": "2"})
    assert (code, "workers      NOT SOUND: several need a Redis" in report) == (1, True)


def test_several_workers_with_a_redis_are_sound(tmp_path: Path, valkey: Valkey) -> None:
    code, report = run("check", data=tmp_path, env={"OPENCHAIR_WORKERS": "2", "OPENCHAIR_REDIS": valkey.url})
    assert (code, "redis        sound\nworkers      sound, 2" in report) == (0, True), report


def test_a_redis_that_does_not_answer_is_told(tmp_path: Path) -> None:
    code, report = run("check", data=tmp_path, env={"OPENCHAIR_REDIS": "redis://127.0.0.1:1"})
    assert (code, "redis        NOT SOUND: nothing answers at 127.0.0.1:1." in report) == (1, True)
