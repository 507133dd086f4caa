"""The naive pipeline, frozen: what a careful developer writes first, with only the standard library.

Same input, same rules, same records out as `shared.flowlog`; `benchmarks.decode` proves that on every run. It is the
measure of all ratios, so it is not to be changed, and it is kept in one file that imports nothing of the project.
"""

import gzip
import ipaddress
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

START = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
END = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps makes one at every call
SECONDS_BELOW = 100_000_000_000
DIGITS = 18
PROTOCOLS = {"T": 6, "U": 17}
DIRECTIONS = {"I": "inbound", "O": "outbound"}
DECISIONS = {"A": "allow", "D": "deny"}
STATES = {"B": "begin", "C": "continue", "E": "end", "D": "deny"}


def run(data: bytes) -> tuple[bytes, list[str]]:
    """Return the records as gzipped lines of JSON, and the tuples that break a rule."""
    lines, bad = [], []
    for envelope, texts in groups(data):
        for text in texts:
            try:
                lines.append(encode(flow_record(envelope, text)))
            except (ValueError, KeyError):
                bad.append(text)
    body = "".join(line + "\n" for line in lines).encode()
    return gzip.compress(body, compresslevel=6), bad


def groups(data: bytes) -> Iterator[tuple[dict, list[str]]]:
    """Yield what the log records say about each group of tuples, and the group."""
    for record in json.loads(b"[" + data.strip(b", \n") + b"]"):
        if "flowRecords" in record:
            for flow in record["flowRecords"]["flows"]:
                for group in flow["flowGroups"]:
                    envelope = {
                        "rule": group["rule"],
                        "mac": mac(record.get("macAddress")),
                        "acl_id": flow.get("aclID"),
                        "resource_id": record.get("targetResourceID"),
                        "flow_log_id": record.get("flowLogResourceID"),
                        "source": "vnet",
                        "version": record["flowLogVersion"],
                    }
                    yield envelope, group["flowTuples"]
        else:
            for flow in record["properties"]["flows"]:
                for group in flow["flows"]:
                    envelope = {
                        "rule": flow["rule"],
                        "mac": mac(group["mac"]),
                        "acl_id": None,
                        "resource_id": record.get("resourceId"),
                        "flow_log_id": None,
                        "source": "nsg",
                        "version": record["properties"]["Version"],
                    }
                    yield envelope, group["flowTuples"]


def flow_record(envelope: dict, text: str) -> dict:
    """Return the flow record of one tuple; ValueError or KeyError if it breaks a rule."""
    fields = text.split(",")
    has_counters = envelope["version"] != 1
    wanted = 13 if has_counters else 8
    if len(fields) < wanted or any(fields[wanted:]):
        raise ValueError("wrong number of fields")
    if envelope["source"] == "vnet":
        state = STATES[fields[7]]
        decision = "deny" if state == "deny" else "allow"
        encryption = fields[8] or None
    else:
        decision = DECISIONS[fields[7]]
        state = STATES[fields[8]] if has_counters else None
        if state == "deny":
            raise ValueError("no state of an NSG flow log")
        encryption = None
    counters = [number(field) if field else None for field in fields[9:13]] if has_counters else [None] * 4
    if counters == [0, 0, 0, 0] and (state == "begin" or decision == "deny"):
        counters = [None] * 4
    return {
        "time": milliseconds(fields[0]),
        "src_ip": address(fields[1]),
        "src_port": number(fields[3], 65535),
        "dst_ip": address(fields[2]),
        "dst_port": number(fields[4], 65535),
        "protocol": PROTOCOLS[fields[5]] if fields[5] in PROTOCOLS else number(fields[5], 255),
        "direction": DIRECTIONS[fields[6]],
        "decision": decision,
        "state": state,
        "encryption": encryption,
        "packets_src_to_dst": counters[0],
        "bytes_src_to_dst": counters[1],
        "packets_dst_to_src": counters[2],
        "bytes_dst_to_src": counters[3],
        **envelope,
    }


def number(text: str, most: int = 10**18 - 1) -> int:
    """Return a whole number without sign or leading zero."""
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise ValueError("no number")
    if len(text) > DIGITS or int(text) > most:
        raise ValueError("too large")
    return int(text)


def milliseconds(text: str) -> int:
    """Return a time in epoch milliseconds; numbers under 1e11 are seconds."""
    value = number(text)
    if value < SECONDS_BELOW:
        value *= 1000
    if not START <= value < END:
        raise ValueError("outside of 2000 to 2100")
    return value


def address(text: str) -> str:
    """Return an IP address in canonical text."""
    if "%" in text:
        raise ValueError("an address with a zone")
    return str(ipaddress.ip_address(text))


def mac(text: str | None) -> str | None:
    """Return a MAC address as 12 upper-case hexadecimal digits."""
    if not text:
        return None
    digits = re.sub("[-:. ]", "", text).upper()
    if not re.fullmatch("[0-9A-F]{12}", digits):
        raise ValueError("no MAC address")
    return digits
