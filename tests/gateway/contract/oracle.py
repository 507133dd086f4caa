"""The search's meaning in plain Python, which the answers of SQL are held against."""

import re
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from gateway.traffic.field import Side
from gateway.traffic.fields import ANSWERED, BYTES, COUNTED, PACKETS
from gateway.traffic.terms import (
    Addresses,
    Numbers,
    Pattern,
    Patterns,
    Ports,
    Search,
    Services,
    Term,
    Words,
)

_ENDS = {Side.SOURCE: ("src",), Side.DESTINATION: ("dst",), Side.EITHER: ("src", "dst")}


def matches(search: Search, record: Any) -> bool:
    """Tell whether a flow record is one that a search asks for; if for what counts, a marked one."""
    return all(_holds(term, record) is not term.negated for term in search.terms)


def _holds(term: Term, record: Any) -> bool:
    match term:
        case Addresses(side, networks):
            addresses = [_address(record[f"{end}_ip"]) for end in _ENDS[side]]
            return any(address in network for address in addresses for network in networks)
        case Ports(side, ranges):
            return any(_within(record[f"{end}_port"], ranges) for end in _ENDS[side])
        case Services(pairs):
            return (record["protocol"], record["dst_port"]) in pairs
        case Numbers(field, ranges):
            return _within(_number(field, record), ranges)
        case Words(field, words):
            return _word(field, record) in words
        case Patterns(field, patterns):
            text = record.get(field.name)
            return text is not None and any(_fits(pattern, text) for pattern in patterns)


def _word(field, record):
    if field is COUNTED:
        return "yes" if record.counted else "no"
    return _answered(record) if field is ANSWERED else record[field.name]


def _answered(record):
    size, packets = record["bytes_dst_to_src"], record["packets_dst_to_src"]
    if record["source"] == "agent" or record["protocol"] != 6:
        return "unmeasured" if size is None else "yes" if size else "no"
    if None in {size, packets}:
        return "unmeasured"
    least = 58 if isinstance(_address(record["dst_ip"]), IPv4Address) else 78
    return "yes" if packets and Fraction(size, packets) >= least else "no"


def _address(text):
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(number, ranges):
    return number is not None and any(low <= number <= high for low, high in ranges)


def _number(field, record):
    if field not in {BYTES, PACKETS}:
        return record[field.name]
    counts = [record[f"{field.name}_{way}"] for way in ("src_to_dst", "dst_to_src")]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _fits(pattern: Pattern, text: str) -> bool:
    if pattern.exact:
        return pattern.text == text
    wanted = ".*".join(re.escape(part) for part in pattern.text.lower().split("*"))
    return re.fullmatch(wanted, text.lower(), re.DOTALL) is not None
