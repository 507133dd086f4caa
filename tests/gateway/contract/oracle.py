"""The search's meaning in plain Python, which the answers of SQL are held against."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Any

from gateway.traffic.terms import (
    Addresses,
    NumberKey,
    Numbers,
    Pattern,
    PatternKey,
    Patterns,
    Ports,
    Search,
    Services,
    Side,
    Term,
    WordKey,
    Words,
)

_ENDS = {Side.SOURCE: ("src",), Side.DESTINATION: ("dst",), Side.EITHER: ("src", "dst")}
_TEXTS = {
    PatternKey.RULE: "rule",
    PatternKey.MAC: "mac",
    PatternKey.ACL: "acl_id",
    PatternKey.RESOURCE: "resource_id",
    PatternKey.FLOWLOG: "flow_log_id",
    PatternKey.ENCRYPTION: "encryption",
    PatternKey.HOST: "host",
    PatternKey.PROCESS: "process",
}


def matches(search: Search, record: Any) -> bool:
    """Tell whether a flow record is one that a search asks for; if for what counts, a marked one."""
    return all(_holds(term, record) is not term.negated for term in search.terms)


def _holds(term: Term, record: Any) -> bool:  # noqa: PLR0911 - one a kind of term
    match term:
        case Addresses(side, networks):
            addresses = [_address(record[f"{end}_ip"]) for end in _ENDS[side]]
            return any(address in network for address in addresses for network in networks)
        case Ports(side, ranges):
            return any(_within(record[f"{end}_port"], ranges) for end in _ENDS[side])
        case Services(pairs):
            return (record["protocol"], record["dst_port"]) in pairs
        case Numbers(key, ranges):
            number = _number(key, record)
            return _within(number, ranges)
        case Words(WordKey.COUNTED, words):
            return ("yes" if record.counted else "no") in words
        case Words(key, words):
            return record[key.value] in words
        case Patterns(key, patterns):
            text = record.get(_TEXTS[key])
            return text is not None and any(_fits(pattern, text) for pattern in patterns)


def _address(text):
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(number, ranges):
    return number is not None and any(low <= number <= high for low, high in ranges)


def _number(key, record):
    if key is NumberKey.PROTO:
        return record["protocol"]
    if key is NumberKey.VERSION:
        return record["version"]
    if key is NumberKey.REPLY:
        return record["bytes_dst_to_src"]
    counts = [record[f"{key}_{way}"] for way in ("src_to_dst", "dst_to_src")]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _fits(pattern: Pattern, text: str) -> bool:
    if pattern.exact:
        return pattern.text == text
    wanted = ".*".join(re.escape(part) for part in pattern.text.lower().split("*"))
    return re.fullmatch(wanted, text.lower(), re.DOTALL) is not None
