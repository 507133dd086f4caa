import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.delivery.settings import Settings, parse_settings, unknown_names
from agent.errors import EdgeError
from tests.support.secrets import TOKEN, traces

GOOD = {"collect": True, "interval_seconds": 60, "etag": "abc"}


def test_good_settings_are_taken():
    assert parse_settings(GOOD) == Settings(collect=True, interval_seconds=60, etag="abc")


def test_nothing_to_collect_needs_no_interval():
    assert parse_settings({"collect": False, "etag": "abc"}) == Settings(
        collect=False, interval_seconds=None, etag="abc"
    )


@pytest.mark.parametrize("interval", [10, 3600])
def test_the_bounds_are_in_range(interval):
    assert parse_settings({**GOOD, "interval_seconds": interval}).interval_seconds == interval


@pytest.mark.parametrize("interval", [9, 3601, 0, -1, 10**30, 60.0, True, "60", None])
def test_an_interval_out_of_range_is_refused_with_a_sentence(interval):
    with pytest.raises(
        EdgeError, match=r"interval_seconds must be from 10 to 3600, not .*; the last settings stay in effect\."
    ):
        parse_settings({**GOOD, "interval_seconds": interval})


@pytest.mark.parametrize("name", ["collect", "etag"])
@pytest.mark.parametrize("value", [None, 1, "", "x" * 300, [], {}, "a\nb"])
def test_other_wrong_settings_are_refused_with_a_sentence(name, value):
    with pytest.raises(EdgeError, match=f"setting {name} must be"):
        parse_settings({**GOOD, name: value})


@pytest.mark.parametrize("name", ["collect", "interval_seconds", "etag"])
@pytest.mark.parametrize("value", [f"{TOKEN} ", [TOKEN], {TOKEN: TOKEN}, int(TOKEN.encode().hex(), 16)])
def test_a_wrong_setting_is_reported_without_what_it_says(name, value):
    with pytest.raises(EdgeError) as refused:
        parse_settings({**GOOD, name: value, **({"etag": "\n"} if name == "etag" and isinstance(value, str) else {})})
    assert not traces(TOKEN, str(refused.value))
    assert str(int(TOKEN.encode().hex(), 16)) not in str(refused.value)


def test_other_names_are_reported_and_have_no_effect():
    document = {**GOOD, "command": "reboot"}
    assert unknown_names(document) == {"command"}
    assert parse_settings(document) == parse_settings(GOOD)


@given(st.dictionaries(st.sampled_from([*GOOD, "other"]), st.none() | st.booleans() | st.integers() | st.text()))
def test_no_document_does_anything_else(document):
    try:
        settings = parse_settings(document)
    except EdgeError:
        return
    assert settings.interval_seconds is None or 10 <= settings.interval_seconds <= 3600
