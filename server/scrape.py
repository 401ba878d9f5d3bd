"""One scrape, all workers: whichever of them is asked for `/metrics` answers for the others of its supervisor, too.

Each tells its numbers to whoever opens its Unix socket, in a folder that only their user may enter. Redis is not asked:
when it is away is when somebody looks.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from server.stats import UP, Metrics

PATIENCE: Final = 1.0  # seconds for another worker; one that hangs must not cost the numbers of all


class Scrape:
    """`async with Scrape(metrics, folder)` tells the others; without a folder there are none."""

    def __init__(self, metrics: Metrics, folder: Path | None) -> None:
        self._metrics = metrics
        self._folder = folder
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        if self._folder is not None:
            path = self._folder / self._metrics.worker
            path.unlink(missing_ok=True)  # of one that was killed
            self._server = await asyncio.start_unix_server(self._tell, path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._server is not None and self._folder is not None:
            self._server.close()
            (self._folder / self._metrics.worker).unlink(missing_ok=True)

    async def text(self) -> bytes:
        """The numbers of all workers, in Prometheus' format."""
        names = {path.name for path in self._folder.iterdir()} if self._folder else set[str]()
        others = sorted(names - {self._metrics.worker})
        told = await asyncio.gather(*(self._ask(name) for name in others))
        return merged([self._metrics.text(), *told])

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._metrics.text())
        writer.close()

    async def _ask(self, name: str) -> bytes:
        assert self._folder is not None  # noqa: S101 - else there is nobody to ask
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self._folder / name)
                with contextlib.closing(writer):
                    return await reader.read()
        except (OSError, TimeoutError):
            metric, text = UP
            return f'# HELP {metric} {text}\n# TYPE {metric} gauge\n{metric}{{worker="{name}"}} 0.0\n'.encode()


def merged(texts: Iterable[bytes]) -> bytes:
    """One text of many: what is known of each metric stands once, and below it the samples of all."""
    families: dict[bytes, list[bytes]] = {}
    for text in texts:
        for family in text.split(b"# HELP ")[1:]:
            about, kind, samples = family.split(b"\n", 2)
            name = about.partition(b" ")[0]
            families.setdefault(name, [b"# HELP " + about + b"\n" + kind + b"\n"]).append(samples)
    return b"".join(part for family in families.values() for part in family)
