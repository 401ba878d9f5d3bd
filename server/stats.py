"""What is counted, without a word about anybody; `/metrics` shows it in Prometheus' format."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from msgspec import Struct, field
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

log = structlog.get_logger("openchair")


class Stats(Struct):
    """Counted since the start, in plain integers: the hot path has no time for more."""

    commands: int = 0  # carried out
    repeated: int = 0  # sent again, and acknowledged again
    events: int = 0
    batches: int = 0
    conflicts: int = 0
    unavailable: int = 0
    written_back: int = 0  # rooms that the log had lost
    faults: int = 0  # our bugs
    joins: int = 0
    resumes: Counter[str] = field(default_factory=Counter)  # resumed, snapshot
    refusals: Counter[str] = field(default_factory=Counter)  # by code
    closes: Counter[int] = field(default_factory=Counter)  # by close code


class Metrics(Collector):
    """The counters, the gauges that `House` and the loop know, and how late deadlines are met."""

    def __init__(self, rooms: Callable[[], int], connections: Callable[[], int]) -> None:
        self.stats = Stats()
        self._rooms, self._connections = rooms, connections
        self.registry = CollectorRegistry()
        self.registry.register(self)
        buckets = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
        self.lateness = Histogram(
            "openchair_deadline_lateness_seconds",
            "How late deadlines are met.",
            registry=self.registry,
            buckets=buckets,
        )
        self.loop_lag = Histogram(
            "openchair_loop_lag_seconds", "How late the event loop is.", registry=self.registry, buckets=buckets
        )

    def tell_of_fault(self, error: Exception) -> None:
        """Count and log an error of our own: where it happened, and nothing of what was said."""
        self.stats.faults += 1
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("fault", error=type(error).__name__, file=where.filename, line=where.lineno)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        stats = self.stats
        yield GaugeMetricFamily("openchair_rooms", "Open rooms.", self._rooms())
        yield GaugeMetricFamily("openchair_connections", "Open connections.", self._connections())
        for name, text, value in (
            ("commands", "Commands carried out.", stats.commands),
            ("commands_repeated", "Commands sent again and acknowledged again.", stats.repeated),
            ("events", "Events of all rooms.", stats.events),
            ("batches", "Appends to the log.", stats.batches),
            ("log_conflicts", "Appends decided again because the state had moved.", stats.conflicts),
            ("log_unavailable", "Appends that the log was away for.", stats.unavailable),
            ("log_written_back", "Rooms that the log had lost, and that this worker wrote back.", stats.written_back),
            ("faults", "Errors of the program itself.", stats.faults),
            ("joins", "Participants who came in.", stats.joins),
        ):
            yield CounterMetricFamily(f"openchair_{name}", text, value)
        labelled: tuple[tuple[str, str, str, Counter[Any]], ...] = (
            ("resumes", "Connections of seats that came back.", "outcome", stats.resumes),
            ("refusals", "Refusals by code.", "code", stats.refusals),
            ("closes", "Connections closed, by close code.", "code", stats.closes),
        )
        for name, text, label, counter in labelled:
            family = CounterMetricFamily(f"openchair_{name}", text, labels=[label])
            for key, count in counter.items():
                family.add_metric([str(key)], count)
            yield family
