"""What `/metrics` tells, read as Prometheus reads it."""

from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

Numbers = dict[str | tuple[str, ...], float]
"""By name, or by name and the values of the labels where there are some besides the worker's."""


def by_worker(text: str) -> dict[str, Numbers]:
    """The numbers of each worker. Fails if anything is told twice."""
    found: dict[str, Numbers] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            worker, *others = labels.pop("worker"), *labels.values()
            key = (name, *others) if others else name
            assert key not in found[worker], key
            found[worker][key] = value
    return found


def numbers(text: str) -> Numbers:
    """The numbers of the only worker."""
    [(_, found)] = by_worker(text).items()
    return found
