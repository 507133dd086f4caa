"""Look at every screen of the console in all its forms: `make looks`, or `make looks PICTURES=DIR`.

    python -m tests.gateway.looks [--pictures DIR] [--screens TEXT]

Each screen is opened in a real browser, against a gateway with a customer that has nothing yet, and one that has
everything, names as long as they may be included. axe-core checks it, and what axe cannot see is checked besides, such
as a page that is wider than its window. The exit code is 1 if anything is wrong.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from dev.chromium import PACKAGE, find_chromium
from tests.gateway.looks.forms import FORMS
from tests.gateway.looks.look import Look
from tests.gateway.looks.run import look_at
from tests.gateway.looks.screens import SCREENS

_PROCESSES = 2
_CONTEXT = multiprocessing.get_context("spawn")  # neither Playwright nor the gateway's threads survive a fork


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at all screens; return the exit code."""
    parser = argparse.ArgumentParser(prog="looks", description="Look at every screen of the console in all its forms.")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="keep a picture of each in this folder")
    parser.add_argument("--screens", default="", metavar="TEXT", help="only those with this text in their names")
    options = parser.parse_args(arguments)
    if find_chromium() is None:
        print(f"looks: Chromium is not installed: apt-get install {PACKAGE}", file=sys.stderr)
        return int(bool(os.environ.get("CI")))
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
    names = [screen.name for screen in SCREENS if options.screens in screen.name]
    with ProcessPoolExecutor(_PROCESSES, _CONTEXT) as pool:
        parts = [names[start::_PROCESSES] for start in range(_PROCESSES)]
        begun = [pool.submit(look_at, part, options.pictures) for part in parts if part]
        looks = [look for part in as_completed(begun) for look in part.result()]
    _print_table(looks)
    return int(not looks or any(look.wrong for look in looks))


def _print_table(looks: Sequence[Look]) -> None:
    """Print what is wrong by form, and how much of it."""
    print(f"\n{'form':<16} {'screens':>8} {'wrong':>6}")
    for form in FORMS:
        of_form = [look for look in looks if look.form == form.name]
        print(f"{form.name:<16} {len(of_form):>8} {sum(bool(look.wrong) for look in of_form):>6}")
    for name in sorted({look.screen for look in looks if look.wrong}):
        forms = [look.form for look in looks if look.wrong and look.screen == name]
        print(f"wrong: {name} ({', '.join(forms)})")


if __name__ == "__main__":
    sys.exit(main())
