"""Run the simulator: `python -m tests.simulation --seeds 10000 --from 0`, or see all that happens with `--seed N`."""

import argparse
import gc
import sys
import time
from collections import Counter

from tests.simulation.world import Failed, digest, simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one")
    parser.add_argument("--seed", type=int, help="this one only, and tell all that happens")
    parser.add_argument("--digest", action="store_true", help="of the story only")
    options = parser.parse_args()
    if options.seed is not None:
        return _tell(options.seed, options.digest)
    started, found = time.process_time(), Counter[int]()
    for seed in range(options.first, options.first + options.seeds):
        try:
            simulate(seed)
        except Failed as failure:
            found[failure.invariant] += 1
            print(failure, flush=True)
    seconds = time.process_time() - started
    print(f"{options.seeds} seeds from {options.first} in {seconds:.0f} s of CPU: {found.total()} failed {dict(found)}")
    return min(1, found.total())


def _tell(seed: int, only_digest: bool) -> int:
    try:
        world = simulate(seed, tells=True)
    except Failed as failure:
        print(*failure.story, failure, sep="\n")
        return 1
    print(digest(world) if only_digest else "\n".join(world.story))
    return 0


if __name__ == "__main__":
    gc.freeze()
    sys.exit(main())
