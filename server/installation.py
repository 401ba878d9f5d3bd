"""An installation on its machine: one server at a time on its data folder, and whether all of it is sound."""

import fcntl
import os
import resource
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from config.settings import Settings
from server.clock import SteadyClock
from server.redis import unfit
from server.schedule.database import Unusable, engine_for, file_of
from server.schedule.meetings import Schedule
from server.seats import KEY_FILE

NOFILE: Final = "LimitNOFILE in systemd's unit, or `ulimit -n`"
MADE_AT: Final = 1_767_225_600  # seconds; a clock before this version's own time is wrong
LEAST_FREE: Final = 100 * 2**20  # bytes
OWN_FILES: Final = 128  # that a worker may have open besides its connections: sockets, database, pages on their way
LEAST_FILES: Final = 2 * OWN_FILES
TO_BE_MADE: Final = "not there yet: the first start makes it"


class Taken(Exception):  # noqa: N818
    """Another server runs on the data folder."""


def take(folder: Path) -> int:
    """Make the data folder, and keep other servers off it for as long as this process lives.

    Rooms live in one process: two servers on one schedule would hold a meeting twice, each with half of its people.
    Returns what holds the lock, a file descriptor. Raises `Taken`, `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Taken from None
    except OSError:
        pass  # a file system without locks: better to serve than not to
    return descriptor


class TooFewFiles(Exception):  # noqa: N818
    """This process may not have enough files open to serve anybody; the message says so, and what to do."""


def open_files() -> int:
    """Raise this process's limit of open files, of which each connection is one, as far as it goes; what it is then.

    Raises `TooFewFiles`.
    """
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where what it says is more than the kernel gives
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        limit = most
    if limit < LEAST_FILES:
        raise TooFewFiles(f"It may have {limit} files open, and needs at least {LEAST_FILES}: raise {NOFILE}.")
    return limit


class Finding(Struct, frozen=True):
    """What was looked at, and what it is like; `where` is a path on this machine."""

    what: str
    is_sound: bool
    text: str
    where: Path | None = None

    def __str__(self) -> str:
        state = "sound" if self.is_sound else "NOT SOUND"
        text = f"{', ' if self.is_sound else ': '}{self.text}" if self.text else ""
        return f"{self.what:12} {state}{text}{f' ({self.where})' if self.where else ''}"


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything that an installation needs. Makes and changes nothing, except older tables."""
    yield Finding("settings", True, _advice(settings))
    yield _data_folder(settings)
    yield _disk(settings)
    yield _files(settings)
    yield await _database(settings)
    is_right = time.time() > MADE_AT
    yield Finding("clock", is_right, "" if is_right else "it shows a time before this version was made")
    if settings.redis:
        why = await unfit(settings.redis)
        yield Finding("redis", why is None, why or "")
    needs_redis = settings.workers > 1 and not settings.redis
    yield Finding("workers", not needs_redis, "several need a Redis" if needs_redis else str(settings.workers))


def _advice(settings: Settings) -> str:
    if settings.is_loopback:
        return "only this machine can reach the server" if not settings.origin else ""
    needed = {"operator": settings.operator_key, "invited": settings.operator_key or settings.invitation}
    if not needed.get(settings.who_may_create, "anyone"):
        return "but nobody can create meetings over HTTP: there is no OPENCHAIR_OPERATOR_KEY"
    return "" if settings.origin else "but without OPENCHAIR_ORIGIN links name the site as each visitor reached it"


def _data_folder(settings: Settings) -> Finding:
    what, folder = "data folder", Path(settings.data).absolute()
    if not folder.exists():
        return Finding(what, True, TO_BE_MADE, folder)
    if not folder.is_dir():
        return Finding(what, False, "it is no folder", folder)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(what, False, "this user may not read and write there", folder)
    key = folder / KEY_FILE
    if key.exists() and not (os.access(key, os.R_OK) and key.stat().st_size):
        return Finding(what, False, f"its {KEY_FILE} is empty, or this user may not read it", folder)
    return Finding(what, True, "", folder)


def _disk(settings: Settings) -> Finding:
    folder = Path(settings.data).absolute()
    there = next(it for it in (folder, *folder.parents) if it.exists())
    free = shutil.disk_usage(there).free
    return Finding("disk", free > LEAST_FREE, f"{free // 2**20} MB free")


def _files(settings: Settings) -> Finding:
    try:
        room = open_files() - OWN_FILES
    except TooFewFiles as few:
        return Finding("open files", False, str(few))
    enough = f"for {room} connections of one worker, OPENCHAIR_CONNECTIONS says {settings.connections}: raise {NOFILE}"
    return Finding("open files", True, enough if room < settings.connections else "")


async def _database(settings: Settings) -> Finding:
    what, file = "database", None
    try:
        file = file_of(engine_for(settings.database_url).url)
        if file is not None and not file.exists():
            return Finding(what, True, TO_BE_MADE, file)
        schedule = Schedule(settings.database_url, SteadyClock())
        try:
            await schedule.open()
            await schedule.check_writable()
            return Finding(what, True, f"{len(await schedule.slugs())} meetings", file)
        finally:
            await schedule.close()
    except Unusable as unusable:
        return Finding(what, False, str(unusable), file)
