import pytest

from shared.flowlog.pieces import Piece, pieces

A, B = b'{"properties":{"a":1}}', b'{"flowRecords":"}{"}'
BETWEEN = "These bytes between records do not belong to one."
BROKEN = "These bytes are a record that is cut off or damaged."


def test_records_are_told_apart_with_their_offsets():
    assert list(pieces(b'{"records":[' + A + b", " + B + b"]}")) == [Piece(12, A), Piece(12 + len(A) + 2, B)]


def test_an_object_that_may_be_no_record_is_still_a_piece():
    assert list(pieces(b'{},{"a":1}')) == [Piece(0, b"{}"), Piece(3, b'{"a":1}')]


def test_the_records_inside_an_object_of_other_keys_are_pieces():
    outer = b'{"a":1,"records":[' + A + b"," + B + b'],"b":2}'
    assert list(pieces(b"," + outer)) == [Piece(19, A), Piece(20 + len(A), B)]


def test_a_record_that_has_records_too_is_one_piece():
    odd = b'{"properties":1,"records":[{}]}'
    assert list(pieces(odd)) == [Piece(0, odd)]


def test_objects_in_objects_are_opened_down_to_eight():
    wrapped = b"{}"
    for _ in range(9):
        wrapped = b'{"a":1,"records":[' + wrapped + b"]}"
    assert [piece.text for piece in pieces(wrapped)] == [b'{"a":1,"records":[{}]}']


def test_bytes_between_records_are_a_piece_with_a_problem():
    assert list(pieces(A + b",oops," + B)) == [
        Piece(0, A),
        Piece(len(A) + 1, b"oops,", BETWEEN),
        Piece(len(A) + 6, B),
    ]


def test_behind_a_cut_record_the_whole_ones_are_found():
    cut = b'{"properties":{"flows":["1,2'
    assert list(pieces(cut + b"," + A + b"," + B + b"]}")) == [
        Piece(0, cut + b",", BROKEN),
        Piece(len(cut) + 1, A),
        Piece(len(cut) + 2 + len(A), B),
    ]


def test_behind_a_torn_string_records_are_found_though_quotes_pair_wrongly():
    torn = b'{"flowRecords":["1724,10.0.0.4,'
    assert [piece.text for piece in pieces(torn + A + b"," + A)] == [torn, A, A]


def test_a_torn_record_that_seems_to_hold_others_gives_them_free():
    assert [piece.text for piece in pieces(b'{"properties":{' + A + b"," + B + b"}")] == [
        b'{"properties":{',
        A,
        B,
        b"}",
    ]


def test_records_between_two_torn_ones_that_close_each_other_are_found():
    no_brace, brace_more = b'{"properties":{"a":1}', b'{"properties":{"b":1}}}'
    assert list(pieces(A + b"," + no_brace + b"," + B + b"," + brace_more)) == [
        Piece(0, A),
        Piece(len(A) + 1, no_brace + b",", BROKEN),
        Piece(len(A + no_brace) + 2, B),
        Piece(len(A + no_brace + B) + 3, brace_more[:-1]),
        Piece(len(A + no_brace + B + brace_more) + 2, b"}", BROKEN),
    ]


def test_a_record_whose_tuple_alone_is_not_json_is_one_piece():
    record = b'{"properties":{"Version":2,"flows":[{"rule":"","flows":[{"flowTuples":[NaN]}]}]},"a":{"properties":{}}}'
    assert list(pieces(record)) == [Piece(0, record)]


@pytest.mark.parametrize("data", [b'{"' * 50_000, b'"\\' * 50_000, b"{" * 100_000, b'{"a":{' + b'""' * 50_000])
def test_torn_bytes_take_time_in_proportion_to_their_number(data):
    assert b"".join(piece.text for piece in pieces(data)) == data
