"""Every setting, and the only reader of the environment.

The setting `port` is the variable `OPENCHAIR_PORT`; a secret may come from a file instead (`OPENCHAIR_SECRET_FILE`). A
value that is wrong stops the start and names itself.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from config.help import help_lines

PREFIX = "OPENCHAIR_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Origin = Annotated[str, Meta(pattern=r"^https?://[^/\s]+$")]


class SettingsError(Exception):
    """A setting has a wrong value; the message names it and says what was expected."""


class Settings(Struct, frozen=True, kw_only=True):
    """Times in seconds, sizes in bytes, unless the name says otherwise."""

    data: Annotated[str, Meta(min_length=1, description="The folder of all that a small box keeps.")] = "data"
    database: Annotated[str, Meta(description="The schedule's database; without it SQLite in the data folder.")] = ""
    redis: Annotated[str, Meta(description="The Redis of several workers; without it the log is in memory.")] = ""
    workers: Annotated[int, Meta(ge=1, le=256, description="How many worker processes.")] = 1
    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="The port to listen on; 0 takes a free one.")] = 8000
    origin: Annotated[
        tuple[Origin, ...],
        Meta(description="Web origins of this site, separated by commas; the first one is used in links."),
    ] = ()
    who_may_create: Annotated[
        Literal["anyone", "invited", "operator"],
        Meta(description="Who may create meetings; on a loopback-only server anybody."),
    ] = "operator"
    invitation: Annotated[str, Meta(description="The invitation that lets its holders create meetings. A secret.")] = ""
    operator_key: Annotated[str, Meta(description="The key of whoever hosts this server. A secret.")] = ""
    secret: Annotated[
        str,
        Meta(
            min_length=16,
            description="Signs seats. A secret; without it one is made in the data folder at the first start.",
        ),
    ] = ""
    help: Annotated[str, Meta(description="A file of help lines instead of the shipped ones.")] = ""
    leave_to: Annotated[
        str, Meta(pattern=r"^https?://[^/\s]+$", description="The neutral site to which “Leave quickly” goes.")
    ] = "https://www.wikipedia.org"
    log_format: Annotated[Literal["console", "json"], Meta(description="How log lines look.")] = "console"

    hello_seconds: Annotated[float, Meta(gt=0, le=60, description="Time for a client's first message.")] = 10
    blink_seconds: Annotated[float, Meta(ge=0, le=60, description="A line back within this makes no news.")] = 5
    commands_per_second: Annotated[float, Meta(gt=0, le=1e6, description="Commands a second of one seat.")] = 10
    command_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="Commands of one seat at once.")] = 30
    joins_per_second: Annotated[
        float, Meta(gt=0, le=1e6, description="Newcomers a second from one address into one room.")
    ] = 3
    creations_per_hour: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Meetings an hour that one address makes where anyone may.")
    ] = 30
    connections: Annotated[int, Meta(ge=1, le=1_000_000, description="Connections of one worker.")] = 10_000
    rooms: Annotated[int, Meta(ge=1, le=1_000_000, description="Open rooms of one worker.")] = 2_000
    room_participants: Annotated[
        int, Meta(ge=1, le=1_000_000, description="People of one room, those gone included.")
    ] = 5_000
    room_lobby: Annotated[int, Meta(ge=1, le=100_000, description="People in one waiting room.")] = 200
    room_hands: Annotated[int, Meta(ge=1, le=100_000, description="Raised hands in one queue.")] = 500
    room_messages: Annotated[int, Meta(ge=10, le=100_000, description="Chat messages that a room remembers.")] = 1_000
    room_events: Annotated[
        int, Meta(ge=10, le=1_000_000, description="Events between two snapshots of a room's log.")
    ] = 2_000
    message_bytes: Annotated[int, Meta(ge=1024, le=1 << 20, description="The size of a client's message.")] = 16 * 1024
    slow_bytes: Annotated[int, Meta(ge=1024, description="Unsent: what is ephemeral is skipped.")] = 256 * 1024
    cut_bytes: Annotated[int, Meta(ge=1024, description="Unsent: the connection is cut (4008).")] = 1024 * 1024
    stall_seconds: Annotated[float, Meta(gt=0, le=600, description="Unsent without progress: cut (4008).")] = 10
    ping_seconds: Annotated[float, Meta(gt=0, le=600, description="Between two pings.")] = 20
    drain_seconds: Annotated[
        float, Meta(gt=0, le=600, description="Over how long the clients of a stopping worker are sent away (1012).")
    ] = 10

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server: it listens on loopback, and no proxy gives it a site."""
        return self.host in LOOPBACK and all(urlsplit(origin).hostname in LOOPBACK for origin in self.origin)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{Path(self.data) / 'openchair.sqlite'}"


SECRETS = ("secret", "invitation", "operator_key", "database", "redis")


def load(environ: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """The settings: what is `given` (by the command line; None is nothing) before the environment before the defaults.

    An empty variable counts as absent. Raises `SettingsError`.
    """
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name, variable = field.name, PREFIX + field.name.upper()
        if (value := given.get(name)) is not None:
            values[name] = _convert(f"--{name}", name, value, field.type)
        elif text := environ.get(variable):
            values[name] = _convert(variable, name, text, field.type)
        elif name in SECRETS and (path := environ.get(variable + "_FILE")):
            values[name] = _convert(variable + "_FILE", name, _read(variable + "_FILE", path), field.type)
    if "help" in values:
        _check_help("OPENCHAIR_HELP", values["help"])
    return Settings(**values)


def _check_help(source: str, path: str) -> None:
    try:
        help_lines(path)
    except OSError as error:
        raise SettingsError(f"{source}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{source}: {error}") from None


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no text"
        raise SettingsError(f"{variable}: {why}") from None


def _convert(source: str, name: str, value: Any, type_: Any) -> Any:
    kind, meta = get_args(type_)[:2]
    parts = value
    if get_origin(kind) is tuple and isinstance(value, str):
        parts = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(parts, type_, strict=False)
    except msgspec.ValidationError:
        shown = value if isinstance(value, str | int | float) else ", ".join(value)
        got = "something else" if name in SECRETS else f"'{shown}'"
        raise SettingsError(f"{source}: expected {expected(kind, meta)}, got {got}") from None


def expected(kind: Any, meta: Meta) -> str:
    """What a setting of that type may be, as a person would say it: `10 to 900`, `one of console, json`."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        return "web origins like https://example.org, without a path"
    if kind is str and meta.pattern:
        return "a web origin like https://example.org, without a path"
    if kind is str:
        return "some text" if not meta.min_length or meta.min_length < 2 else f"at least {meta.min_length} characters"
    what = "a whole number" if kind is int else "a number"
    low = f"{meta.ge:.12g}" if meta.ge is not None else f"more than {meta.gt:.12g}"
    return f"{what}, {low} to {meta.le:.12g}" if meta.le is not None else f"{what}, {low} or more"
