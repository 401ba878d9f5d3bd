"""Processes on a core of their own: started, waited for, counted, stopped."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

BUILD = Path(__file__).parent / "build"
START_SECONDS = 30.0
STOP_SECONDS = 5.0
MOST_FILES = 8192  # for the 5,000 connections of the widest work


class BenchError(Exception):
    """The bench cannot go on; the message is one sentence for a person."""


def cores() -> tuple[int, int]:
    """The core of the servers and the core of the load generator; the same one if there is no other."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Children started here stay on `core` with all their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Let the children open a file for each connection. Raises `BenchError`."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < MOST_FILES:
        raise BenchError(f"The bench needs {MOST_FILES} open files for each process; the limit is {most} (ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, most))


def compiled(source: Path) -> Path:
    """The program made from the C file `source`. Raises `BenchError`."""
    program = BUILD / source.stem
    try:
        done = subprocess.run(["cc", "-O2", "-o", program, source], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BenchError(
            "The bench needs a C compiler (cc); on Debian and Ubuntu: apt-get install gcc libc6-dev"
        ) from None
    if done.returncode:
        raise BenchError(f"cc could not compile {source.name}: {done.stderr.strip()}")
    return program


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something listens on `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def serving(
    name: str,
    command: Sequence[str | Path],
    environ: Mapping[str, str],
    ready: Callable[[], bool],
    core: int | None = None,
) -> Iterator[list[int]]:
    """A server, once it is ready, as the ids of its processes; stopped at the end. Raises `BenchError`.

    It runs on the servers' core, or on that one.
    """
    log = BUILD / f"{name}.log"
    with log.open("wb") as output, on_core(cores()[0] if core is None else core):
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **environ}, start_new_session=True
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not ready():
            if server.poll() is not None or time.monotonic() > until:
                raise BenchError(f"{name} did not start: {log.read_text(errors='replace').strip()[-600:]}")
            time.sleep(0.05)
        yield _family(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        with suppress(ProcessLookupError):  # what it has left behind, as the wrapper of a wheel's Node does
            os.killpg(server.pid, signal.SIGKILL)


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family
