"""What storage accounts had delivered when a backup was made."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """What storage accounts had delivered, each with the number of its customer.

    Attributes:
        newest: The time up to which all NICs of an account had delivered, in epoch milliseconds.
        refused: The accounts of which posts had been refused.
    """

    newest: Mapping[tuple[int, str], int]
    refused: Collection[tuple[int, str]]
