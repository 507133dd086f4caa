"""Text from elsewhere, made fit for a line of a log."""

from __future__ import annotations


def printable(text: str, longest: int) -> str:
    """Return a text without what would break a line or confuse a terminal, and not too long."""
    return "".join(character if character.isprintable() else " " for character in text[:longest])
