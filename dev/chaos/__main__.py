"""`python -m dev.chaos [--schedules N] [--seed N]`: play random schedules, and say what was seen.

Schedule after schedule takes the next seed, so `--seed N --schedules 1` plays one of them again.
"""

import argparse
import random
import sys
import time
from itertools import batched
from typing import Final

from dev.chaos.draw import draw
from dev.chaos.figures import Figures
from dev.chaos.play import play
from dev.chaos.schedule import Schedule
from dev.chaos.verdict import expectation, judge
from dev.chaos.world import World, running_world

_SCHEDULES_A_WORLD: Final = 100
"""The storage emulator keeps everything in memory, and slows down over time."""
_HITS: Final = ((1000, 20), (200, 1), (0, 0))
"""From this number of schedules on, each step and each failure must have been hit this often."""
_PROGRESS: Final = 50


def main() -> int:
    """Play, print, and return the exit status: 0 if all went well."""
    options = _parser().parse_args()
    began = time.monotonic()
    figures = Figures()
    print(f"Schedules {options.seed} to {options.seed + options.schedules - 1}.", flush=True)
    for seeds in batched(range(options.seed, options.seed + options.schedules), _SCHEDULES_A_WORLD, strict=False):
        with running_world(len(seeds)) as world:
            for seed in seeds:
                _play(draw(seed), f"schedule {seed}", world, figures)
                if figures.schedules % _PROGRESS == 0:
                    print(f"{figures.schedules} played, {figures.failed} failed", flush=True)
    print("\n".join(["", *figures.lines()]))
    seconds = time.monotonic() - began
    print(f"\n{seconds:.0f} s, {seconds / figures.schedules:.1f} s a schedule")
    return 1 if figures.failed or _too_rare(figures) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description="Deliver under random faults and kills.")
    parser.add_argument("--schedules", type=_positive, default=100, help="number of schedules (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="seed of the first schedule (default: a new one)"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _play(schedule: Schedule, name: str, world: World, figures: Figures) -> None:
    played = play(schedule, world)
    verdict = judge(expectation(schedule), played.observation, calm=schedule.calm)
    figures.add(schedule, played, verdict)
    for sentence in verdict.sentences():
        print(f"{name}: {sentence}", flush=True)


def _too_rare(figures: Figures) -> bool:
    at_least = next(hits for schedules, hits in _HITS if figures.schedules >= schedules)
    rare = figures.rare(at_least)
    for name in rare:
        print(f"hit less than {at_least} times: {name}")
    return bool(rare)


if __name__ == "__main__":
    sys.exit(main())
