"""Reading flow records: what to select, and how a row becomes a record."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.traffic import addresses
from shared.flowlog.record import AGENT_KEYS, KEYS, Source

_KEYS: Final = (*KEYS, *AGENT_KEYS)
_IN_TABLES: Final = {"src_ip": "src_number", "dst_ip": "dst_number", "rule": "rules.name"}
RECORDS: Final = f"""
    SELECT {", ".join(_IN_TABLES.get(key, key) for key in _KEYS)}, mapped, counted, post, line
    FROM records JOIN rules USING (customer, rule_id) JOIN origins USING (customer, origin_id)
"""  # noqa: S608 - names from above
"""Selects what `flow_record` makes a flow record of."""


def with_rules(customer: int) -> str:
    """Join the rules of a customer's to its records, by one number: with two, a query over all takes twice as long."""
    return f"JOIN (SELECT rule_id, name FROM rules WHERE customer = {customer:d}) AS rules USING (rule_id)"  # noqa: S608


def with_origins(customer: int) -> str:
    """Join the origins of a customer's to its records likewise."""
    origins = f"SELECT * EXCLUDE (customer, digest, text_bytes) FROM origins WHERE customer = {customer:d}"  # noqa: S608
    return f"JOIN ({origins}) AS origins USING (origin_id)"


def flow_record(row: Sequence[Any]) -> dict[str, Any]:
    """Make the flow record of a row that `RECORDS` selected."""
    record = dict(zip(_KEYS, row, strict=False))
    mapped = row[len(_KEYS)]
    record["src_ip"] = (addresses.mapped_text if mapped & 1 else addresses.text)(record["src_ip"])
    record["dst_ip"] = (addresses.mapped_text if mapped & 2 else addresses.text)(record["dst_ip"])
    if record["source"] != Source.AGENT.value:
        for key in AGENT_KEYS:
            del record[key]
    return record
