import bz2
import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flowlog import Unit, decode
from shared.flowlog.foreign import what_else
from tests.shared.flowlog.made import NSG_V2_TUPLE, VNET_TUPLE, file, nsg, text, vnet

LOG = file(nsg([NSG_V2_TUPLE]), vnet([VNET_TUPLE]))
A, B = text(nsg([NSG_V2_TUPLE])), text(vnet([VNET_TUPLE]))


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PT1H.json", data)
    return packed.getvalue()


def only_reason(data: bytes) -> str:
    """Decode bytes that give nothing, and return why they were set aside whole."""
    decoded = decode(data)
    assert decoded.lines == []
    assert [(item.unit, item.raw) for item in decoded.set_aside] == [(Unit.RANGE, data)]
    return decoded.set_aside[0].reason


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (zipped, "zip")], ids=["gzip", "bzip2", "zip"]
)
def test_a_compressed_log_is_reported_as_such(pack, name):
    assert (
        only_reason(pack(LOG)) == f"These bytes are compressed ({name}), and a log is plain text: decompress the blob."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_log_in_another_encoding_is_reported_as_such(encoding):
    name = encoding.upper()[:6]
    reason = f"These bytes are text in {name}, and a log is text in UTF-8: convert the blob."
    assert only_reason(LOG.decode().encode(encoding)) == reason
    assert only_reason(text(nsg(["\u00e9 \u2603" * 9])).decode().encode(encoding)) == reason


@pytest.mark.parametrize("zeros", [b"\x00", b"\x00" * 512, b"\x00\x00\n"])
def test_padding_is_reported_as_such_and_costs_nothing_beside_it(zeros):
    for data in (A + zeros, zeros + A, A + b"," + zeros + b"," + B):
        decoded = decode(data)
        assert len(decoded.lines) == data.count(b"flowTuples")
        assert [item.reason for item in decoded.set_aside] == [
            "These bytes are zeros: this part of the blob was padded, or never written."
        ]


def test_a_part_in_another_form_between_records_is_reported_as_such():
    for other in (gzip.compress(A), A.decode().encode("utf-16-le")):
        decoded = decode(A + b"," + other + b"," + B)
        assert len(decoded.lines) == 2
        assert "These bytes are " in decoded.set_aside[0].reason


def test_bytes_that_are_not_utf8_are_reported_with_their_place():
    between, torn = decode(A + b",x\xff," + A + b"," + B[:60] + b"\xff," + A).set_aside
    assert (
        between.reason
        == "These bytes between records do not belong to one; at offset 1 in them they are not valid UTF-8."
    )
    assert (
        torn.reason
        == "These bytes are a record that is cut off or damaged; at offset 60 in them they are not valid UTF-8."
    )


def test_a_byte_order_mark_of_utf8_is_nothing_to_tell():
    for data in (b"\xef\xbb\xbf" + LOG, A + b",\xef\xbb\xbf" + B):
        assert decode(data).set_aside == []
    assert (
        "do not belong to one; at offset 0 in them they are not valid UTF-8"
        in decode(A + b",\xef\xbb" + B).set_aside[0].reason
    )


def test_the_mark_of_another_encoding_alone_is_reported():
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        assert "text in UTF-16" in only_reason(mark)


@pytest.mark.parametrize("data", [b"", b",", b"x", LOG, A[:-9], b"\x00x", b"PK", b"\xe9\xe8", b"{}" * 20])
def test_what_may_be_a_log_is_nothing_else(data):
    assert what_else(data) == ""


@given(st.binary(max_size=64))
def test_any_bytes_are_told_or_not(data):
    assert what_else(data) == "" or what_else(data).startswith("These bytes are ")
