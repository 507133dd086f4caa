from http.cookies import SimpleCookie

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.people.devices import Devices


@pytest.fixture
def devices():
    return Devices(b"key", "4f2a", encrypted=True)


def browser(*answers, **changed):
    """A browser that has kept the cookies of answers; a value may be changed."""
    cookies = {}
    for answer in answers:
        for each in SimpleCookie(answer.headers["set-cookie"]).values():
            cookies[each.key] = each.value
    sent = "; ".join(f"{name}={changed.get('value', value)}" for name, value in cookies.items())
    return Request({"type": "http", "headers": [(b"cookie", sent.encode())]})


def marked(devices, name):
    answer = Response()
    devices.mark(answer, name)
    return answer


def test_a_browser_is_known_by_the_name_that_signed_in_and_by_no_other(devices):
    visitor = browser(marked(devices, "ada"))
    assert devices.device(visitor, "ada") is not None
    assert devices.device(visitor, "ben") is None


def test_two_people_may_share_a_browser(devices):
    visitor = browser(marked(devices, "ada"), marked(devices, "ben"))
    assert devices.device(visitor, "ada") != devices.device(visitor, "ben")


def test_each_browser_is_another_one(devices):
    one, other = (devices.device(browser(marked(devices, "ada")), "ada") for _ in range(2))
    assert one != other


def test_a_mark_of_another_gateway_is_none(devices):
    visitor = browser(marked(Devices(b"another key", "4f2a", encrypted=True), "ada"))
    assert devices.device(visitor, "ada") is None


@pytest.mark.parametrize("value", ["", ".", "made-up.0123", "é", "x" * 5000])
def test_what_somebody_made_up_is_not_a_mark(devices, value):
    assert devices.device(browser(marked(devices, "ada"), value=value), "ada") is None


def test_a_mark_is_for_this_host_over_tls_and_no_script_reads_it(devices):
    cookie = marked(devices, "ada lovelace").headers["set-cookie"]
    assert cookie.startswith("__Host-device-4f2a-")
    assert "ada lovelace" not in cookie
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=31536000"))
