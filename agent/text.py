"""Text from elsewhere, made safe for a line of a log."""

from __future__ import annotations


def printable(text: str, longest: int) -> str:
    """Return a text, shortened, without anything that would break a line or confuse a terminal."""
    return "".join(character if character.isprintable() else " " for character in text[:longest])
