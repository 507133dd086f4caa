"""What the bytes of Azure network flow logs mean: blob names, framing, decoding and the flow record.

Pure: no input or output, no clock, no environment.
"""

from shared.flowlog.blobname import LogBlob, LogKind, day_prefix, hour_prefix, is_named_like_a_log, parse_blob_name
from shared.flowlog.check import check
from shared.flowlog.decode import decode, decode_set_aside
from shared.flowlog.decoded import Decoded, SetAside, Unit
from shared.flowlog.envelope import is_record
from shared.flowlog.foreign import what_else
from shared.flowlog.framing import RecordScanner, Span, SpanKind, is_closer, is_head
from shared.flowlog.record import KEYS, FlowRecord, to_json_line
from shared.flowlog.rescue import is_apart
from shared.flowlog.starts import cut_start, first_start, last_start
from shared.flowlog.tuples import Envelope

__all__ = [
    "KEYS",
    "Decoded",
    "Envelope",
    "FlowRecord",
    "LogBlob",
    "LogKind",
    "RecordScanner",
    "SetAside",
    "Span",
    "SpanKind",
    "Unit",
    "check",
    "cut_start",
    "day_prefix",
    "decode",
    "decode_set_aside",
    "first_start",
    "hour_prefix",
    "is_apart",
    "is_closer",
    "is_head",
    "is_named_like_a_log",
    "is_record",
    "last_start",
    "parse_blob_name",
    "to_json_line",
    "what_else",
]
