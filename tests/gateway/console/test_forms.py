"""Forms in the two ways in which browsers send them."""

import pytest

from gateway.console.forms import _read

TYPE = "multipart/form-data; boundary=----x"


def part(name, content, more=b""):
    return b'------x\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + content + b"\r\n"


END = b"------x--\r\n"
FILE = b'; filename="b.xml"\r\nContent-Type: text/xml'
LONGEST = 65_536


def fields(media_type, body, longest=LONGEST):
    return _read(media_type, body, longest).fields


def test_fields_and_files_are_read_as_they_were_sent():
    xml = "<a>\r\n--\n\u00e4 ------x\n</a>\n".encode()
    body = part(b"csrf", b"t") + part(b"blueprint", xml, FILE) + part(b"n", b"1") + part(b"n", b"2") + END
    form = _read(TYPE, body, LONGEST)
    assert (form.text("csrf"), form.files, form.all("n")) == ("t", {"blueprint": xml}, ["1", "2"])
    assert not form.is_cut


def test_the_other_way_is_read_as_before():
    assert fields("application/x-www-form-urlencoded", b"a=1&a=2&b=") == {"a": ["1", "2"], "b": [""]}


def test_a_file_may_have_any_bytes():
    assert _read(TYPE, part(b"blueprint", b"\xff\xfe<\0", FILE) + END, LONGEST).files == {"blueprint": b"\xff\xfe<\0"}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (TYPE, part(b"csrf", b"t") + part(b"a", b"1") + part(b"blueprint", b"x" * LONGEST, FILE)),
        ("application/x-www-form-urlencoded", b"csrf=t&a=1&blueprint=" + b"%C3%A4" * LONGEST),
    ],
)
@pytest.mark.parametrize("cut_at", [LONGEST + 1, LONGEST + 2, LONGEST + 3])
def test_of_a_form_that_is_too_long_only_whole_fields_are_read(media_type, body, cut_at):
    form = _read(media_type, body[:cut_at], LONGEST)
    assert (form.fields, form.files, form.is_cut) == ({"csrf": ["t"], "a": ["1"]}, {}, True)


@pytest.mark.parametrize(
    "body",
    [b"", END, b"stray\r\n" + END, b"------x\r\nno name\r\n\r\nx\r\n" + END, part(b"a", b"x")[:-3], b"a=1"],
)
def test_what_is_not_a_field_is_left_out(body):
    assert fields(TYPE, body) == {}


@pytest.mark.parametrize("body", [part(b"a", b"\xff") + END, part(b"a", b"") * 1001 + END])
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(ValueError):  # noqa: PT011
        fields(TYPE, body)
