"""`python -m dev.claims`: explore the protocol of claims, and show what goes wrong without each of its rules."""

import sys
import time
from typing import Any

from dev.claims.bounds import LARGE, worded
from dev.claims.explore import Found, System, explore
from dev.claims.removals import REMOVALS, Removal
from dev.claims.rule import taken_out


def main() -> int:
    """Explore, print, and return the exit status: 0 if the protocol holds, and no rule surprises."""
    print(f"{'states':>10} {'seconds':>8}  bounds", flush=True)
    wrong = sum([_breaks(system) for system in LARGE])
    print("\nWithout a rule, and how it comes to that:", flush=True)
    surprises = sum([_surprises(removal) for removal in REMOVALS])
    print(f"\n{wrong} of {len(LARGE)} bounds with a violation, {surprises} of {len(REMOVALS)} removals with a surprise")
    return 1 if wrong or surprises else 0


def _breaks(system: System[Any]) -> bool:
    began = time.process_time()
    found = explore(system)
    print(f"{found.states:>10,} {time.process_time() - began:>8.1f}  {worded(system)}", flush=True)
    if found.violation is not None:
        _tell(found)
    return found.violation is not None


def _surprises(removal: Removal) -> bool:
    found = explore(removal.system)
    out = taken_out(removal.system.rules)
    print()
    for name, says in out.items():
        print(f"{name.replace('_', '-')}: {says}")
    if found.violation is None:
        print(f"    Nothing goes wrong in {found.states:,} states ({worded(removal.system)}).", flush=True)
    else:
        _tell(found)
    if found.violation is removal.violation:
        return False
    print(f"    Expected: {removal.violation.value if removal.violation else 'nothing goes wrong.'}", flush=True)
    return True


def _tell(found: Found) -> None:
    for sentence in found.story:
        print(f"        {sentence}")
    if found.violation is not None:
        print(f"    {found.violation.value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
