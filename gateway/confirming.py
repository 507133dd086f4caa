"""Confirmation of what an operator might not mean."""

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
    if _typed() != word:
        raise RefusedError("Nothing was changed.")


def require_yes(question: str, otherwise: str) -> None:
    """Ask a question on the terminal.

    Args:
        question: The question.
        otherwise: What to do where there is no terminal.

    Raises:
        RefusedError: There is no terminal, or the answer is not yes.
    """
    if not sys.stdin.isatty():
        raise RefusedError(otherwise)
    say(f"{question} [y/N]")
    if _typed().lower() not in {"y", "yes"}:
        raise RefusedError("Nothing was changed.")


def _typed() -> str:
    try:
        return sys.stdin.readline().strip()
    except KeyboardInterrupt:
        return ""
