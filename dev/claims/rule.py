"""A rule of the protocol is a field of a dataclass: true while it is kept to."""

from dataclasses import field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def rule(says: str) -> bool:
    """Return a field for a rule that is kept to unless it is taken out."""
    return field(default=True, metadata={"says": says})


def taken_out(rules: "DataclassInstance") -> dict[str, str]:
    """Return the rules that are taken out: their names, and what they say."""
    return {each.name: each.metadata["says"] for each in fields(rules) if not getattr(rules, each.name)}
