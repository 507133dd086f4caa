import io
import json
import random
import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.cli import main
from shared.commands import parse as command
from shared.commands.parse import decoded_ranges
from shared.flowlog import decode
from tests.shared.flowlog.harm import OF_A_RECORD, harmed_record
from tests.support.logs import CLOSER, HEAD, ports_of, record

_FRAMING = re.compile(b"|".join(map(re.escape, (HEAD, CLOSER, b"\xef\xbb\xbf", b","))))


def log(*records: bytes) -> bytes:
    return HEAD + b",".join(records) + CLOSER


@pytest.fixture
def parse(tmp_path, capfdbinary):
    def run(*contents: bytes):
        files = [tmp_path / f"{number}.json" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        code = main(["parse", *map(str, files)])
        out, err = capfdbinary.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], [json.loads(line) for line in err.splitlines()]

    return run


def test_every_tuple_is_printed_as_one_line(parse):
    code, records, aside = parse(log(record(1, 2), record(3)))
    assert code == 0
    assert [each["src_port"] for each in records] == [1, 2, 3]
    assert aside == []


def test_what_is_set_aside_is_reported_with_its_reason_and_place_and_exits_1(parse, tmp_path):
    code, records, (aside,) = parse(log(record(1), record(2, bad=1)))
    assert code == 1
    assert [each["src_port"] for each in records] == [1, 2]
    assert aside["file"] == str(tmp_path / "0.json")
    assert aside["unit"] == "tuple"
    assert aside["position"].startswith("records[1]")
    assert "nowhere" in aside["reason"]
    assert "nowhere" in aside["raw"]


def test_garbage_is_a_range_that_is_set_aside_and_no_failure(parse):
    code, records, (aside,) = parse(b"\x00\xff no flow log")
    assert (code, records, aside["unit"]) == (1, [], "range")


def test_an_empty_file_is_fine(parse):
    assert parse(b"") == (0, [], [])


def test_the_worst_of_several_files_decides_the_exit_code(parse):
    code, records, _ = parse(log(record(1)), log(record(2, bad=1)), log(record(3)))
    assert code == 1
    assert [each["src_port"] for each in records] == [1, 2, 3]


def test_a_file_that_can_not_be_read_exits_2_and_the_others_are_printed(tmp_path, capfdbinary):
    good = tmp_path / "good.json"
    good.write_bytes(log(record(7)))
    assert main(["parse", str(tmp_path / "missing.json"), str(good)]) == 2
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["src_port"] == 7
    assert err.decode() == f"{tmp_path / 'missing.json'} can't be read: No such file or directory.\n"


def test_a_dash_reads_standard_input(monkeypatch, capfdbinary):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log(record(5)))))
    assert main(["parse", "-"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["src_port"] == 5


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path):
    file = tmp_path / "large.json"
    file.write_bytes(log(*[record(*range(1000)) for _ in range(20)]))
    code = f"import sys; from shared.cli import main; sys.exit(main(['parse', {str(file)!r}]))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


class Dribble(io.BytesIO):
    """A stream that gives fewer bytes than asked for, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, _size: int | None = None) -> bytes:
        return super().read(self._size)


@given(
    st.lists(
        st.one_of(
            st.builds(record, st.integers(0, 65535), bad=st.integers(0, 2)),
            st.sampled_from([b"", b"garbage", b'{"time":', b'{"records":[', b'"}{"', b"\xef\xbb\xbf", b"{}"]),
        ),
        max_size=5,
    ),
    st.integers(1, 400),
)
@example([b"garbage", record(0), b"\xef\xbb\xbf", b"garbage"], 1)
@example([b"garbage", record(0), b'"}{"', b'{"records":['], 1)
@example([b"garbage", record(0), b'"}{"', b"{}"], 1)
def test_reading_in_pieces_gives_what_reading_at_once_gives(parts, size):
    data = log(*parts)
    ranges = list(decoded_ranges(Dribble(data, size)))
    whole = decode(data)
    assert [line for _, _, decoded in ranges for line in decoded.lines] == whole.lines
    assert _aside(item for _, _, decoded in ranges for item in decoded.set_aside) == _aside(whole.set_aside)


def _aside(items):
    # How bytes that belong to no record are split up, and which parts of the envelope stand with them, is of no
    # account: the same bytes are set aside.
    return _FRAMING.sub(b"", b"".join(item.raw for item in items))


@pytest.mark.parametrize("harm", OF_A_RECORD, ids=[harm.__name__ for harm in OF_A_RECORD])
def test_a_harmed_record_costs_no_other_wherever_a_file_is_taken_apart(harm, monkeypatch):
    monkeypatch.setattr(command, "_CHUNK_BYTES", 500)
    for number in range(20):
        harmed = harmed_record(random.Random(f"{harm.__name__} {number}"), harm)
        lines = [line for _, _, decoded in decoded_ranges(io.BytesIO(harmed.data)) for line in decoded.lines]
        assert harmed.cost(lines) == 0


def test_a_file_in_which_no_record_ends_for_long_is_taken_apart_between_records(monkeypatch):
    monkeypatch.setattr(command, "_CHUNK_BYTES", 100)
    monkeypatch.setattr(command, "_LONGEST_RECORD", 1500)
    torn = record(1).replace(b'"time"', b'"time')
    data = b",".join([torn, *(record(port) for port in range(2, 30)), b"x" * 4000])
    ranges = list(decoded_ranges(io.BytesIO(data)))
    assert [port for _, _, decoded in ranges for port in ports_of(decoded.lines)] == list(range(2, 30))
    assert max(end - start for start, end, _ in ranges) <= 1700


@given(st.binary(max_size=300), st.integers(1, 50))
def test_the_pieces_are_the_file_without_a_gap(data, size):
    reached = 0
    for start, end, _ in decoded_ranges(Dribble(data, size)):
        assert start == reached
        reached = end
    assert reached == len(data)


def test_bytes_without_an_end_are_cut_by_length_and_set_aside():
    ranges = list(decoded_ranges(io.BytesIO(HEAD + b"{" + b" " * (40 * 1024 * 1024))))
    assert len(ranges) > 2
    assert max(end - start for start, end, _ in ranges) <= 17 * 1024 * 1024 + len(HEAD)
    assert all(decoded.set_aside or not decoded.lines for _, _, decoded in ranges)
