import traceback

from shared.secret import Secret

_VALUE = "planted-value"


def test_a_secret_gives_its_value_to_those_who_ask_for_it():
    assert Secret(_VALUE).reveal == _VALUE


def test_secrets_of_one_value_are_equal():
    assert Secret(_VALUE) == Secret(_VALUE)
    assert Secret(_VALUE) != Secret("other")


def test_no_way_of_writing_a_secret_out_shows_its_value():
    secret = Secret(_VALUE)
    ways = [str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]} { {'token': secret} }"]
    assert not [way for way in ways if _VALUE in way]


def test_an_error_about_a_secret_does_not_show_its_value():
    assert _VALUE not in "".join(traceback.format_exception(ValueError(Secret(_VALUE))))
