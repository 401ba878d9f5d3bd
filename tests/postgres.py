"""A real PostgreSQL for the tests: this machine's programs, a cluster of our own in a folder of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SECONDS: Final = 60.0
UNPRIVILEGED: Final = ("postgres", "nobody")  # the server refuses to run as root
NOT_DURABLE: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


class Postgres:
    """A server that is reached by a socket in `folder` alone, so that it takes no port from anybody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = None if os.getuid() else next(name for name in UNPRIVILEGED if _is_user(name))
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run(_program("initdb"), "-D", str(folder / "data"), "-U", "openchair", "-A", "trust", "-E", "UTF8", "-N")
        settings = [f"--{it}" for it in (*NOT_DURABLE, f"unix_socket_directories={folder}")]
        self._process = subprocess.Popen(
            [_program("postgres"), "-D", str(folder / "data"), *settings],
            user=self._user,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def url(self, database: str) -> str:
        return f"postgresql://openchair@/{database}?host={self.folder}"

    def make(self, database: str) -> str:
        """The URL of a new, empty database."""
        self._run(_program("createdb"), "-h", str(self.folder), "-U", "openchair", database)
        return self.url(database)

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS
        ready = [_program("pg_isready"), "-q", "-h", str(self.folder), "-U", "openchair", "-d", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, "PostgreSQL has ended"
            assert time.monotonic() < until, "PostgreSQL does not start"
            time.sleep(0.02)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, user=self._user, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)  # at once, though somebody may still be connected
        self._process.wait()


def _is_user(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())


def _program(name: str) -> str:
    """Debian keeps the server's programs off the PATH, a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: float(it.parent.name), reverse=True)
    found = shutil.which("postgres")
    candidates = [*([Path(found).resolve().parent] if found else []), *folders, Path("/usr/bin")]
    return next(str(folder / name) for folder in candidates if (folder / name).exists())


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="openchair-postgres-"))  # where another user may come, too
    try:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
