"""Where the file has the fields of flow records.

The table `records` has a column for what differs from record to record. What repeats is stored once: the names of rules
in `rules`, all else together in `origins`; records have its number. A column is called as its field is; addresses are
numbers.
"""

from collections.abc import Mapping
from typing import Final

from gateway.traffic.addresses import IPV4_NUMBERS
from gateway.traffic.answered import LEAST_BYTES, LEAST_BYTES_IPV6, TCP, Answered
from gateway.traffic.field import Field, NumberField, Origin, WordField
from gateway.traffic.fields import ANSWERED, BYTES, COUNTED, FIELDS, PACKETS, PROTOCOL, RULE

_STORED: Final = tuple(field for field in FIELDS if field.origin is Origin.STORED)
ORIGINS: Final = tuple(field for field in _STORED if field.repeats and field is not RULE)
"""The fields that `origins` has."""
WORDS: Final = tuple(
    field for field in _STORED if isinstance(field, WordField) and not field.repeats and field is not COUNTED
)
"""The words that `records` has; the type of each column is called as its field is, too."""
NUMBERS: Final = tuple(
    field for field in _STORED if isinstance(field, NumberField) and not field.repeats and field is not PROTOCOL
)
"""The numbers that `records` has, apart from the protocol's, which are null where they are absent."""


def _both_ways(one: str, other: str) -> str:
    # Of two directions one may be absent; of two absent ones the sum is, too.
    return f"(coalesce({one}, {other}) + if({one} IS NULL, 0, coalesce({other}, 0)))"


# Only logs have decisions, and only their counters include headers. Divided, since a product may be too large.
_LEAST_BYTES: Final = f"""if(
    dst_number BETWEEN {IPV4_NUMBERS[0]}::UHUGEINT AND {IPV4_NUMBERS[1]}::UHUGEINT,
    {LEAST_BYTES}, {LEAST_BYTES_IPV6}
)"""
_IN_PACKETS: Final = f"(protocol = {TCP} AND decision IS NOT NULL)"
_ANSWERED: Final = f"""(CASE
    WHEN bytes_dst_to_src IS NULL OR {_IN_PACKETS} AND packets_dst_to_src IS NULL THEN '{Answered.UNMEASURED}'
    WHEN {_IN_PACKETS} AND (packets_dst_to_src = 0 OR bytes_dst_to_src // {_LEAST_BYTES} < packets_dst_to_src)
        OR bytes_dst_to_src = 0 THEN '{Answered.NO}'
    ELSE '{Answered.YES}'
END)"""

WORKED_OUT: Final[Mapping[Field, str]] = {
    PACKETS: _both_ways("packets_src_to_dst", "packets_dst_to_src"),
    BYTES: _both_ways("bytes_src_to_dst", "bytes_dst_to_src"),
    ANSWERED: _ANSWERED,
}
"""What `Field.value` does, over the columns of `records`, for the fields that are worked out and searched for."""
