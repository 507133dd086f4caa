"""Confirmation before something is permanently deleted."""

import sys

from gateway.operator.work import RefusedError
from shared.commands.output import say


def require_typed(word: str, told: str) -> None:
    """Explain on the terminal what is about to happen, and ask for a word that nobody types by mistake.

    Raises:
        RefusedError: There is no terminal, or something else was typed.
    """
    if not sys.stdin.isatty():
        raise RefusedError(
            "There is no terminal to ask for confirmation. Add --yes to skip the question. Nothing was changed."
        )
    say(f"{told} Type {word} to continue:")
    try:
        typed = sys.stdin.readline().strip()
    except KeyboardInterrupt:
        typed = ""
    if typed != word:
        raise RefusedError("Nothing was changed.")
