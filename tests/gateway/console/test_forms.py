"""Forms in the two ways in which browsers send them."""

import pytest

from gateway.console.forms import Form, _fields

TYPE = "multipart/form-data; boundary=----x"


def part(name, content, more=b""):
    return b'------x\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + content + b"\r\n"


END = b"------x--\r\n"


def test_fields_and_files_are_read_as_they_were_sent():
    xml = "<a>\r\n--\n\u00e4 ------x\n</a>\n"
    file = b'; filename="b.xml"\r\nContent-Type: text/xml'
    body = part(b"csrf", b"t") + part(b"blueprint", xml.encode(), file) + part(b"n", b"1") + part(b"n", b"2") + END
    form = Form(_fields(TYPE, body))
    assert (form.text("csrf"), form.verbatim("blueprint"), form.all("n")) == ("t", xml, ["1", "2"])


def test_the_other_way_is_read_as_before():
    assert _fields("application/x-www-form-urlencoded", b"a=1&a=2&b=") == {"a": ["1", "2"], "b": [""]}


@pytest.mark.parametrize(
    "body",
    [b"", END, b"stray\r\n" + END, b"------x\r\nno name\r\n\r\nx\r\n" + END, part(b"a", b"x")[:-3], b"a=1"],
)
def test_what_is_not_a_field_is_left_out(body):
    assert _fields(TYPE, body) == {}


@pytest.mark.parametrize("body", [part(b"a", b"\xff") + END, part(b"a", b"") * 1001 + END])
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(ValueError):  # noqa: PT011
        _fields(TYPE, body)
