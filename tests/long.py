"""Marks values of a test as long: `make test` tries the others, `make test-long` these."""

from collections.abc import Iterable

import pytest


def first_of_each(values: Iterable[object], every: int) -> list[object]:
    """Return the values for a test's parameter, of which only the first of each so many are not long."""
    return [
        pytest.param(value, marks=pytest.mark.long) if number % every else value for number, value in enumerate(values)
    ]
