"""The figures as a table: medians over the repetitions, ratios taken within each repetition."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from bench.works import Figure, Result, Work

Runs = Mapping[str, Sequence[Result]]
"""The results of a work by the name of the server, one for each repetition."""

MOST_DISTURBED = 0.15
"""The share of a window that a server or the generator may wait for its core before the run is tried again."""


def disturbed(result: Result) -> float:
    """How much of what was measured others took: the share of the time without the core, 0 to 1."""
    return float((result.get("said") or result.get("idle") or result["joined"])["disturbed"])


def table(work: Work, runs: Runs) -> Iterator[str]:
    """The lines of one work."""
    yield work.title
    for figure in work.figures:
        title = f"{figure.title}, {figure.unit}"
        yield f"  {title:38}{'median':>9}{'least – most':>18}{'Openchair is':>15}{'goal':>10}"
        for server in work.servers:
            values = [figure.of(result) for result in runs[server.name]]
            line = f"    {server.shown:36}{median(values):>9.2f}{f'{min(values):.2f} – {max(values):.2f}':>18}"
            yield (line + _verdict(figure, server.name, runs)).rstrip() + _warning(runs[server.name])
    yield ""


def ratios(figure: Figure, rival: str, runs: Runs) -> list[float]:
    """Openchair's figure by the rival's, in each repetition."""
    pairs = zip(runs["openchair"], runs[rival], strict=True)
    return [figure.of(ours) / figure.of(theirs) for ours, theirs in pairs]


def _verdict(figure: Figure, server: str, runs: Runs) -> str:
    if server == "openchair":
        value, goal, unit = median(figure.of(result) for result in runs[server]), figure.limit, f" {figure.unit}"
        shown = ""
    else:
        value, goal, unit = median(ratios(figure, server, runs)), figure.goals.get(server), "x"
        shown = f"{value:.2f}x"
    if goal is None:
        return f"{shown:>15}"
    return f"{shown:>15}{f'{goal:g}{unit}':>10}  {'met' if value <= goal else 'MISSED'}"


def _warning(results: Sequence[Result]) -> str:
    most = max(map(disturbed, results))
    return f"  (others took up to {most:.0%} of a core)" if most > MOST_DISTURBED else ""
