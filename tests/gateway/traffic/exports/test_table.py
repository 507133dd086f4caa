import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.exports.table import record_csv_lines
from gateway.visible import visible
from shared.flowlog.record import AGENT_KEYS, KEYS
from tests.gateway.client import record
from tests.support.records import flow_records


def rows(*records):
    text = b"".join(record_csv_lines(records)).decode()
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_header_and_a_line_for_each_record():
    assert b"".join(record_csv_lines([record()])) == (
        b"time,src_ip,src_port,dst_ip,dst_port,protocol,direction,decision,state,encryption,packets_src_to_dst,"
        b"bytes_src_to_dst,packets_dst_to_src,bytes_dst_to_src,rule,mac,acl_id,resource_id,flow_log_id,source,version,"
        b"host,process,direction_basis,links_established,links_terminated,links_failed,links_live,counter_source\r\n"
        b"2026-11-23T15:30:00.000Z,10.0.0.4,44931,13.107.21.200,443,6,outbound,allow,continue,,1,66,2,132,"
        b"DefaultRule_AllowInternetOutBound,000D3AF87856,,/SUBSCRIPTIONS/S,,nsg,2,,,,,,,,\r\n"
    )


def test_no_records_are_a_header():
    assert rows() == [[*KEYS, *AGENT_KEYS]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_text_is_a_formula(start):
    (_, row) = rows(record(rule=f"{start}cmd|' /C calc'!A0"))
    assert row[KEYS.index("rule")] == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("character", "seen"), [("\t", r"\u0009"), ("\r", r"\u000d"), ("\x00", r"\u0000"), ("\u202e", r"\u202e")]
)
def test_no_text_has_a_character_that_programs_obey(character, seen):
    (_, row) = rows(record(rule=f"{character}=1"))
    assert row[KEYS.index("rule")] == f"{seen}=1"


@given(st.lists(flow_records(), max_size=3))
def test_any_csv_reader_reads_what_was_written(records):
    header, *lines = rows(*records)
    assert header == [*KEYS, *AGENT_KEYS]
    assert len(lines) == len(records)
    for line, each in zip(lines, records, strict=True):
        for key, cell in zip(KEYS[1:], line[1:], strict=False):
            written = "" if each[key] is None else visible(str(each[key]))
            assert cell in {written, f"'{written}"}
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
