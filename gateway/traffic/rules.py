"""Which rules decided, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleHits:
    """What one rule did in one direction.

    Attributes:
        rule: Its name as written.
        direction: `inbound` or `outbound`.
        decision: `allow` or `deny`.
        records: How often it did.
        bytes: In both directions of the flows, as logged.
        last: The time of the last record, in epoch milliseconds.
    """

    rule: str
    direction: str
    decision: str
    records: int
    bytes: int
    last: int
