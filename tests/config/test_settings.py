"""Settings: given, from the environment, or by default; a wrong one names itself."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from config.settings import Settings, SettingsError, expected, load


def test_without_anything_the_defaults_hold() -> None:
    assert load({}) == Settings()


def test_what_is_given_comes_before_the_environment() -> None:
    environ = {"OPENCHAIR_PORT": "9000", "OPENCHAIR_HOST": "0.0.0.0", "PORT": "1"}
    settings = load(environ, port=9001, host=None)
    assert (settings.port, settings.host) == (9001, "0.0.0.0")


def test_origins_are_separated_by_commas() -> None:
    settings = load({"OPENCHAIR_ORIGIN": "https://circle.example, http://127.0.0.1:8000"})
    assert settings.origin == ("https://circle.example", "http://127.0.0.1:8000")


def test_an_empty_variable_counts_as_absent() -> None:
    assert load({"OPENCHAIR_PORT": "", "OPENCHAIR_DATA": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("PORT", "x", "expected a whole number, 0 to 65535, got 'x'"),
        ("PORT", "70000", "expected a whole number, 0 to 65535, got '70000'"),
        ("ROOMS", "2.5", "expected a whole number, 1 to 1000000, got '2.5'"),
        ("BLINK_SECONDS", "2 min", "expected a number, 0 to 60, got '2 min'"),
        ("HELLO_SECONDS", "0", "expected a number, more than 0 to 60, got '0'"),
        ("PING_SECONDS", "nan", "expected a number, more than 0 to 600, got 'nan'"),
        ("WHO_MAY_CREATE", "me", "expected one of anyone, invited, operator, got 'me'"),
        ("ORIGIN", "https://circle.example/", "expected web origins like https://example.org, without a path"),
        ("SECRET", "short", "expected at least 16 characters, got something else"),
    ],
)
def test_a_wrong_value_names_itself_and_what_was_expected(variable: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({f"OPENCHAIR_{variable}": text})
    assert str(error.value).startswith(f"OPENCHAIR_{variable}: {sentence}")


def test_a_wrong_option_names_itself() -> None:
    with pytest.raises(SettingsError, match=r"^--port: expected a whole number, 0 to 65535, got '70000'$"):
        load({}, port=70000)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a secret of many characters\n")
    assert load({"OPENCHAIR_SECRET_FILE": str(file)}).secret == "a secret of many characters"
    assert load({"OPENCHAIR_PORT_FILE": str(file)}).port == Settings().port, "a port is no secret"


def test_a_secret_file_that_cannot_be_read_names_itself_and_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^OPENCHAIR_SECRET_FILE: No such file or directory$"):
        load({"OPENCHAIR_SECRET_FILE": str(tmp_path / "nowhere")})
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"^OPENCHAIR_SECRET_FILE: this is no text$"):
        load({"OPENCHAIR_SECRET_FILE": str(tmp_path / "picture")})


def test_a_server_that_a_proxy_gives_to_the_world_is_not_for_this_machine_alone() -> None:
    assert load({}).is_loopback
    assert load({}, origin=("http://localhost:8000",)).is_loopback
    assert not load({}, host="0.0.0.0").is_loopback
    assert not load({}, origin=("https://circle.example",)).is_loopback


def test_every_setting_says_what_it_is_and_what_it_may_be() -> None:
    for field in msgspec.structs.fields(Settings):
        kind, meta = get_args(field.type)[:2]
        assert meta.description, field.name
        assert meta.description.endswith("."), field.name
        assert expected(kind, meta)
