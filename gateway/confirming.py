"""Asking before something is gone for good."""

import sys

from gateway.operator.work import RefusedError
from shared.commands.output import say


def require_typed(word: str, told: str) -> None:
    """Tell somebody at a terminal what is about to happen, and have a word typed that nobody types by mistake.

    Raises:
        RefusedError: Nobody is there to be asked, or something else was typed.

    """
    if not sys.stdin.isatty():
        raise RefusedError("There is no terminal to ask on. Add --yes to go ahead without asking. Nothing was changed.")
    say(f"{told} Type {word} to go ahead:")
    try:
        typed = sys.stdin.readline().strip()
    except KeyboardInterrupt:
        typed = ""
    if typed != word:
        raise RefusedError("Nothing was changed.")
