import time

import pytest

from gateway.guessable import password_error
from gateway.stores.passwords import new_password

ADA = "ada.lovelace@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd1234",
        "administrator1",
        "qwertyuiop12",
        "asdfghjkl;12",
        "zaq12wsxcde3",
        "!@#$%^&*()_+",
        "abcdefghijkl",
        "aaaaaaaaaaaa",
        "123456789012",
        "20261127-2026",
        "Summer2026!!",
        "letmein-letmein",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple",
        "correct-horse-battery-ada",
        "correct horse battery sluice 2026",
        "Sluice-Sluice-2026",
        "ADA.LOVELACE.1",
        "ada-lovelace-example",
        "Azure2026Production",
        " " * 16,
        "password" * 128,
    ],
)
def test_what_is_easy_to_guess_is_refused_with_what_to_do(password):
    assert password_error(password, ADA).startswith("This password is too easy to guess")
    assert password_error(password, ADA).endswith("Choose four unrelated words, or random characters.")


@pytest.mark.parametrize(
    "password",
    [
        "wandering lamp forty pears",
        "ada drinks seven blue lemons",
        "my horse painted nine staples",
        "Xk9#mQ2$vL7p",
        "ZürichGrüezi Bünzli Käse",
        "wandering lamp forty pears " * 40,
    ],
)
def test_what_is_hard_to_guess_is_taken(password):
    assert password_error(password, ADA) == ""


def test_a_generated_password_is_hard_to_guess():
    assert [password_error(new_password(), ADA) for _ in range(20)] == [""] * 20


def test_what_is_short_is_told_so():
    assert password_error("Xk9#mQ2$vL7", ADA).startswith("Choose at least 12 characters")


@pytest.mark.parametrize("user", ["", "a", "x.y", "(.*)", "correct", "x" * 100])
def test_no_name_of_a_user_is_in_the_way(user):
    assert password_error("wandering lamp forty pears", user) == ""
    assert password_error("password1234", user) != ""


@pytest.mark.parametrize("text", ["x", "01", "aA1", "p4$$w0rd", "@4", "!1|", "20", "qwerty", "4@8({[<369&#!1|7+$5%20"])
def test_the_longest_password_is_estimated_in_a_moment(text):
    began = time.process_time()
    password_error((text * 65536)[:65536], ADA)
    assert time.process_time() - began < 1
