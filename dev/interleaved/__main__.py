"""`python -m dev.interleaved [--seconds N]`: play schedules of every kind, then without each rule in turn."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from itertools import count, takewhile
from typing import Final

from dev.interleaved.estate import Wrong
from dev.interleaved.faults import MIXES, Faults
from dev.interleaved.rules import WITHOUT, Rule, taken_out
from dev.interleaved.schedule import play

_SECONDS: Final = 5.0


def main() -> int:
    """Play, print, and return the exit status: 0 if all went well with all rules, and wrong without each."""
    parser = argparse.ArgumentParser(prog="python -m dev.interleaved", description=__doc__)
    parser.add_argument(
        "--seconds",
        type=float,
        default=_SECONDS,
        help="how long each kind of schedule is played (default: %(default)s)",
    )
    parser.add_argument("--rule", choices=[rule.name for rule in Rule], action="append", help="only this rule")
    options = parser.parse_args()
    seconds = options.seconds
    if options.rule:
        return 0 if all(_needed(Rule[name], 4 * seconds) for name in options.rule) else 1
    right = [_holds(name, faults, seconds) for name, faults in MIXES.items()]
    needed = [_needed(rule, 4 * seconds) for rule in Rule]
    print(f"{sum(right)} of {len(right)} kinds of schedule hold, {sum(needed)} of {len(needed)} rules are needed")
    return 0 if all(right) and all(needed) else 1


def _holds(name: str, faults: Faults, seconds: float) -> bool:
    seed, end, counts = 0, time.monotonic() + seconds, Counter[str]()
    try:
        while time.monotonic() < end:
            seed += 1
            counts += play(seed, faults)
    except Wrong as wrong:
        print(f"{name}: seed {seed}: {wrong}", flush=True)
        return False
    happened = ", ".join(f"{what} {times:,}" for what, times in sorted(counts.items()))
    print(f"{name}: {seed:,} schedules hold ({happened})", flush=True)
    return True


def _needed(rule: Rule, seconds: float) -> bool:
    end = time.monotonic() + seconds
    found = first_failure(rule, takewhile(lambda _seed: time.monotonic() < end, count(1)))
    print(f"without the rule that {rule.value}:\n    {found or 'NOTHING GOES WRONG'}", flush=True)
    return bool(found)


def first_failure(rule: Rule, seeds: Iterable[int]) -> str:
    """Return what goes wrong first without a rule, and with which seed; "" for nothing."""
    mix = WITHOUT[rule].mix
    with taken_out(rule):
        for seed in seeds:
            try:
                play(seed, MIXES[mix])
            except Wrong as wrong:
                return f"{wrong} ({mix}, seed {seed})"
    return ""


if __name__ == "__main__":
    sys.exit(main())
