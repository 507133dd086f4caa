"""`python -m dev.interleaved [--schedules N]`: play schedules of every kind, then without each rule in turn."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Final

from dev.interleaved.estate import Wrong
from dev.interleaved.faults import MIXES, Faults
from dev.interleaved.rules import WITHOUT, Rule, taken_out
from dev.interleaved.schedule import play

_SCHEDULES: Final = 100
_MORE_WITHOUT: Final = 10
"""How many times as many may pass before one shows that a rule is needed."""


def main() -> int:
    """Play, print, and return the exit status: 0 if all went well with all rules, and wrong without each."""
    parser = argparse.ArgumentParser(prog="python -m dev.interleaved", description=__doc__)
    parser.add_argument(
        "--schedules",
        type=int,
        default=_SCHEDULES,
        help="how many schedules of each kind are played (default: %(default)s)",
    )
    parser.add_argument("--rule", choices=[rule.name for rule in Rule], action="append", help="only this rule")
    options = parser.parse_args()
    seeds = range(1, options.schedules + 1)
    more_seeds = range(1, _MORE_WITHOUT * options.schedules + 1)
    if options.rule:
        return 0 if all(_needed(Rule[name], more_seeds) for name in options.rule) else 1
    right = [_holds(name, faults, seeds) for name, faults in MIXES.items()]
    needed = [_needed(rule, more_seeds) for rule in Rule]
    print(f"{sum(right)} of {len(right)} kinds of schedule hold, {sum(needed)} of {len(needed)} rules are needed")
    return 0 if all(right) and all(needed) else 1


def _holds(name: str, faults: Faults, seeds: Iterable[int]) -> bool:
    counts, played = Counter[str](), 0
    for seed in seeds:
        try:
            counts += play(seed, faults)
        except Wrong as wrong:
            print(f"{name}: seed {seed}: {wrong}", flush=True)
            return False
        played += 1
    happened = ", ".join(f"{what} {times:,}" for what, times in sorted(counts.items()))
    print(f"{name}: {played:,} schedules hold ({happened})", flush=True)
    return True


def _needed(rule: Rule, seeds: Iterable[int]) -> bool:
    found = first_failure(rule, seeds)
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
