"""`python -m bench [--quick] [--only WORK]`: run the works with each server in turn, and print the figures."""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from bench.processes import BUILD, BenchError, allow_many_files, compiled, cores, on_core
from bench.redis import redis_server
from bench.report import MOST_DISTURBED, disturbed, table
from bench.servers import Server
from bench.works import WORKS, Result, Work

TRIES = 3  # of a run that others disturb; the least disturbed counts
PACKAGES = ("uvicorn", "starlette", "uvloop", "websockets", "python-socketio", "channels-redis", "redis", "msgspec")


def main() -> int:
    options = _options()
    works = [work for work in WORKS if options.only in {None, work.name}]
    repetitions, length = (1, 0.5) if options.quick else (3, 1.0)
    runs: dict[str, dict[str, list[Result]]] = {work.name: {s.name: [] for s in work.servers} for work in works}
    try:
        BUILD.mkdir(exist_ok=True)
        allow_many_files()
        generator = compiled(Path(__file__).with_name("load.c"))
        if len(set(cores())) == 1:
            print("There is one core only: the load generator will take time from the servers.", file=sys.stderr)
        for work in works:
            for repetition in range(repetitions):
                for server in work.servers:
                    print(f"{work.name} {repetition + 1}/{repetitions}: {server.name}", file=sys.stderr)
                    runs[work.name][server.name].append(_quietest(generator, work, server, work.seconds * length))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\n{machine()['processor']}, {machine()['python']}; medians of {repetitions}, servers on one core\n")
    for work in works:
        print("\n".join(table(work, runs[work.name])))
    (BUILD / "results.json").write_text(json.dumps({"machine": machine(), "runs": runs}, indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Openchair's figures beside its rivals'.")
    parser.add_argument("--quick", action="store_true", help="one repetition with short windows, to try things out")
    parser.add_argument("--only", choices=[work.name for work in WORKS], help="one work instead of all")
    return parser.parse_args()


def _quietest(generator: Path, work: Work, server: Server, seconds: float) -> Result:
    """The result of a run that others left in peace, or of the least disturbed of some tries."""
    results: list[Result] = []
    while len(results) < TRIES:
        results.append(_run(generator, work, server, seconds))
        if disturbed(results[-1]) <= MOST_DISTURBED:
            break
    return min(results, key=disturbed)


def _run(generator: Path, work: Work, server: Server, seconds: float) -> Result:
    with (
        redis_server() if server.redis else nullcontext(("", [])) as (redis, redis_processes),
        server.start(work.rooms, redis) as (port, processes),
    ):
        where = ["-d", server.dialect, "-p", str(port), "-s", ",".join(map(str, processes))]
        where += [argument for process in redis_processes for argument in ("-q", str(process))]
        what = ["-r", str(work.rooms), "-m", str(work.members), *work.load, "-t", str(seconds)]
        with on_core(cores()[1]):
            done = subprocess.run(
                [generator, *where, *what], capture_output=True, text=True, errors="replace", check=False
            )
    if done.returncode:
        raise BenchError(f"{work.name} with {server.name} failed: {done.stderr.strip()}")
    result: Result = json.loads(done.stdout)
    return result


def machine() -> dict[str, str]:
    """What the figures were taken on, as far as it says something about them."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = models[0].partition(": ")[2] if models else platform.machine()
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"processor": f"{os.cpu_count()} cores of {processor}", "python": python, **versions}


if __name__ == "__main__":
    sys.exit(main())
