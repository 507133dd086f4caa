"""What arrived since somebody looked last: the times whose records are to be judged anew.

A reader keeps the cursor that it was given, and asks again from there: whatever is stored meanwhile, nothing is missed,
and some may come twice.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """A span of a customer's time whose records came, or turned to no longer count.

    Attributes:
        customer: The customer's number.
        start: The earliest time of the records, in epoch milliseconds.
        end: The time that all of them are before, in epoch milliseconds.
    """

    customer: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Some arrivals, in the order in which they came.

    Attributes:
        arrivals: Those; none if nothing came.
        cursor: Where to go on; only the store knows what it says.
    """

    arrivals: tuple[Arrival, ...]
    cursor: str
