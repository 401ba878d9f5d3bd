"""What is counted, without a word about anybody; `/metrics` shows it in Prometheus' format.

Every label has few values, all of them our own words: what people send, codes included, is never one.
"""

import traceback
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import accumulate
from typing import Any, Final, Literal, get_args

import structlog
from msgspec import Struct, field
from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from rooms.vocabulary import Code

log = structlog.get_logger("openchair")

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
OTHER: Final = 0
"""What closed a connection, where it is none of the codes of docs/protocol.md: a client may send whatever it likes."""

UP: Final = "openchair_worker_up", "Whether the worker answered when this was asked for."

Outcome = Literal["resumed", "snapshot", "lost"]
"""Of coming back: with what was missed; whole; whole, and something that was told has been lost."""


class Spread(Struct):
    """How large the values were, in buckets: for the hot path, where a histogram with a lock costs too much."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    sum: float = 0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(SECONDS, value)] += 1
        self.sum += value

    @property
    def buckets(self) -> list[tuple[str, float]]:
        return list(zip([*map(str, SECONDS), "+Inf"], accumulate(self.counts), strict=True))


def _counter(names: Iterable[Any]) -> Any:
    """From zero, so that the first of each is seen as one more."""
    return field(default_factory=lambda: Counter(dict.fromkeys(names, 0)))


class Stats(Struct):
    """Counted since the start, in plain numbers: the hot path has no time for more."""

    commands: int = 0  # carried out
    repeated: int = 0  # sent again, and acknowledged again
    events: int = 0
    batches: int = 0
    conflicts: int = 0
    unavailable: int = 0
    retries: int = 0  # of what the rooms want of the log by themselves
    written_back: int = 0  # rooms that the log had lost
    doubts: int = 0  # whether all news has arrived
    faults: int = 0  # our bugs
    joins: int = 0
    skipped: int = 0  # ephemeral news, for those who read slowly
    crowded_out: int = 0  # connections beyond the limit
    gaps: Counter[Literal["news", "comparison"]] = _counter(("news", "comparison"))  # by how they were found
    resyncs: Counter[Outcome] = _counter(get_args(Outcome))
    resumes: Counter[Outcome] = _counter(get_args(Outcome))
    refusals: Counter[Code] = _counter(get_args(Code))
    closes: Counter[int] = _counter(
        (OTHER, 1000, 1001, 1005, 1006, 1009, 1011, 1012, 4000, 4001, 4003, 4004, 4008, 4009, 4029)
    )
    cuts: Counter[Literal["unsent", "stalled", "silent"]] = _counter(("unsent", "stalled", "silent"))
    appending: Spread = field(default_factory=Spread)
    delivery: dict[Literal["here", "elsewhere"], Spread] = field(
        default_factory=lambda: {"here": Spread(), "elsewhere": Spread()}
    )
    round_trip: Spread = field(default_factory=Spread)
    lateness: Spread = field(default_factory=Spread)
    loop_lag: Spread = field(default_factory=Spread)

    def close(self, code: int) -> None:
        """Count a connection that has ended with that code."""
        self.closes[code if code in self.closes else OTHER] += 1


class Gauges(Struct):
    """What is so just now."""

    rooms: int = 0
    connections: int = 0
    slow: int = 0  # connections with something unsent
    unsent: int = 0  # bytes, of all of them
    most_unsent: int = 0  # bytes of one of them, within the last minute or two
    probe_age: float = 0  # seconds
    is_ready: bool = False


class Metrics(Collector):
    """All numbers of one worker, each with its label."""

    def __init__(self, gauges: Callable[[], Gauges], worker: int = 0) -> None:
        self.stats = Stats()
        self.worker = str(worker)
        self._gauges = gauges
        self._process = ProcessCollector(registry=None)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def tell_of_fault(self, error: Exception) -> None:
        """Count and log an error of our own: where it happened, and nothing of what was said."""
        self.stats.faults += 1
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("fault", error=type(error).__name__, file=where.filename, line=where.lineno)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        for family in (*self._now(), *self._counted(), *self._measured(), *self._process.collect()):
            family.samples = [it._replace(labels={"worker": self.worker, **it.labels}) for it in family.samples]
            yield family

    def _now(self) -> Iterator[Metric]:
        now = self._gauges()
        yield GaugeMetricFamily(*UP, 1)
        info = GaugeMetricFamily("openchair_info", "1; which version the worker is of.", labels=["version"])
        info.add_metric([version("openchair")], 1)
        yield info
        for name, text, value in (
            ("ready", "Whether the worker can hold meetings, as /readyz says.", now.is_ready),
            ("rooms", "Open rooms.", now.rooms),
            ("connections", "Open connections.", now.connections),
            ("slow_connections", "Connections with something unsent.", now.slow),
            ("unsent_bytes", "What is unsent, of all connections together.", now.unsent),
            (
                "unsent_peak_bytes",
                "The most that one connection had unsent in the last minute or two.",
                now.most_unsent,
            ),
            ("probe_age_seconds", "Since what was published last came back through Redis.", now.probe_age),
        ):
            yield GaugeMetricFamily(f"openchair_{name}", text, value)

    def _counted(self) -> Iterator[Metric]:
        stats = self.stats
        for name, text, value in (
            ("commands", "Commands carried out.", stats.commands),
            ("commands_repeated", "Commands sent again and acknowledged again.", stats.repeated),
            ("events", "Events of all rooms.", stats.events),
            ("batches", "Appends to the log.", stats.batches),
            ("log_conflicts", "Appends decided again because the state had moved.", stats.conflicts),
            ("log_unavailable", "Appends that the log was away for.", stats.unavailable),
            ("log_retries", "Times that a room tried again what the log had been away for.", stats.retries),
            ("log_written_back", "Rooms that the log had lost, and that this worker wrote back.", stats.written_back),
            ("news_doubts", "Times that something published may not have arrived, and all rooms were compared.",
             stats.doubts),
            ("faults", "Errors of the program itself.", stats.faults),
            ("joins", "Participants who came in.", stats.joins),
            ("ephemeral_skipped", "News of who is writing, kept from who reads too slowly.", stats.skipped),
            ("connections_crowded_out", "Connections beyond the limit, answered with HTTP 503.", stats.crowded_out),
        ):  # fmt: skip
            yield CounterMetricFamily(f"openchair_{name}", text, value)
        labelled: tuple[tuple[str, str, str, Counter[Any]], ...] = (
            ("gaps", "Rooms found to have missed news, by how that was found.", "found", stats.gaps),
            ("resyncs", "Rooms read again from the log, by what people were shown then.", "outcome", stats.resyncs),
            ("resumes", "Connections of seats that came back, by what they were shown.", "outcome", stats.resumes),
            ("refusals", "Refusals by code.", "code", stats.refusals),
            ("closes", "Connections ended, by close code; 0 is any other.", "code", stats.closes),
            (
                "cuts",
                "Connections cut: too much unsent, nothing taken for too long, no sign of life.",
                "why",
                stats.cuts,
            ),
        )
        for name, text, label, counter in labelled:
            family = CounterMetricFamily(f"openchair_{name}", text, labels=[label])
            for key, count in counter.items():
                family.add_metric([str(key)], count)
            yield family

    def _measured(self) -> Iterator[Metric]:
        stats = self.stats
        for name, text, spread in (
            ("append", "How long an append to the log takes.", stats.appending),
            ("redis_round_trip", "How long Redis takes to tell the time, asked every 2 s.", stats.round_trip),
            ("deadline_lateness", "How late deadlines are met.", stats.lateness),
            ("loop_lag", "How late the event loop is, looked at every second.", stats.loop_lag),
        ):
            yield _histogram(name, text, None, [((), spread)])
        yield _histogram(
            "delivery_lag", "From deciding to handing over to connections, by where it was decided.", "decided",
            [((where,), spread) for where, spread in stats.delivery.items()],
        )  # fmt: skip


def _histogram(name: str, text: str, label: str | None, spreads: Sequence[tuple[Sequence[str], Spread]]) -> Metric:
    family = HistogramMetricFamily(f"openchair_{name}_seconds", text, labels=[label] if label else [])
    for labels, spread in spreads:
        family.add_metric(labels, spread.buckets, spread.sum)
    return family
