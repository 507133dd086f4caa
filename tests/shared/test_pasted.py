import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pasted import flaws

_VALUE = "value"


def _said(text: str) -> str:
    return " ".join(flaws(text, "FLOW_LOGS", "AzureWebJobsStorage"))


@pytest.mark.parametrize(
    "text",
    [
        _VALUE,
        "https://gateway.example.com:8443/base",
        "DefaultEndpointsProtocol=https;AccountName=flowlogs1;AccountKey=a2V5+/==;EndpointSuffix=core.windows.net;",
        "2026-11-23T15",
        "set-up=1",
        "https://export.example.com",
        "https://münchen.example.com",
        "",
    ],
)
def test_a_value_that_stands_alone_has_no_flaw(text: str):
    assert _said(text) == ""


@pytest.mark.parametrize(
    "quotes", ['""', "''", "``", "\u201c\u201d", "\u2018\u2019", "\u201e\u201c", "\u201d\u201d", "«»", "\uff02\uff02"]
)
def test_quotes_around_a_value_are_named_whatever_their_kind(quotes: str):
    assert _said(f"{quotes[0]}{_VALUE}{quotes[1]}") == "is in quotes. Remove them."


def test_quotes_are_named_behind_what_stands_around_them():
    assert _said(f'\ufeff"{_VALUE}"\r\n').startswith("is in quotes. Remove them. has a line break at its end.")


def test_quotes_that_were_escaped_are_quotes():
    assert _said(f'\\"{_VALUE}\\"') == "is in quotes. Remove them."


@pytest.mark.parametrize("text", [f'"{_VALUE}', f"{_VALUE}'", 'AccountName=a;AccountKey="b";c=d', "it\u2019s"])
def test_a_quotation_mark_anywhere_else_is_named(text: str):
    assert _said(text) == "has a quotation mark in it. Remove it."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\u2028", "\x85"])
def test_a_line_break_at_an_end_is_named_with_the_end(end: str):
    assert _said(_VALUE + end) == "has a line break at its end. Remove it."
    assert _said(end + _VALUE) == "has a line break at its beginning. Remove it."


@pytest.mark.parametrize("text", [f"{_VALUE}\n{_VALUE}", f"{_VALUE}\r\n{_VALUE}\r\n", f"\n{_VALUE}\n{_VALUE}"])
def test_several_lines_are_named(text: str):
    assert _said(text) == "has several lines. Give only the value, on one line."


def test_a_line_break_that_was_escaped_is_named():
    assert _said(rf"{_VALUE}\n") == "has a backslash in it. Remove it."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{_VALUE} ", "has a space at its end. Remove it."),
        (f" {_VALUE}", "has a space at its beginning. Remove it."),
        (f"\t{_VALUE}", "has a space at its beginning. Remove it."),
        (f"Bearer {_VALUE}", "has a space in it. Give only the value."),
    ],
)
def test_a_blank_is_named_with_its_place(text: str, said: str):
    assert _said(text) == said


@pytest.mark.parametrize(
    "character",
    ["\ufeff", "\u200b", "\u200d", "\u2060", "\u00ad", "\u00a0", "\u3000", "\u202e", "\x00", "\x1b", "\udca0"],
)
@pytest.mark.parametrize("form", ["{}value", "value{}", "val{}ue"])
def test_what_can_not_be_seen_is_named_by_its_number(character: str, form: str):
    assert f"an invisible character in it (U+{ord(character):04X})" in _said(form.format(character))


@pytest.mark.parametrize(
    "start",
    [
        "FLOW_LOGS=",
        "flow_logs=",
        "FLOW_LOGS: ",
        "AzureWebJobsStorage=",
        "export FLOW_LOGS=",
        "  export ANOTHER=",
        "\ufeffFLOW_LOGS=",
        "set FLOW_LOGS=",
        "$env:FLOW_LOGS = ",
        "ENV FLOW_LOGS=",
        "declare -x FLOW_LOGS=",
    ],
)
def test_a_line_of_a_script_is_named_and_so_is_what_the_value_has_in_it(start: str):
    assert _said(f"{start}{_VALUE}").startswith("begins with a name, like a line of a script.")
    assert "is in quotes" in _said(f'{start}"{_VALUE}"')


@given(st.text(st.characters(exclude_categories=[]), max_size=30), st.sampled_from(["", '"', "\n", "export "]))
def test_nothing_of_a_value_is_repeated(text: str, around: str):
    secret = "Kx9Qz7"
    assert secret not in _said(f"{around}{text}{secret}{text}{around}")
