import pytest

from agent.flows.addresses import canonical, is_loopback


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%5", "fe80::1"),
        ("::", "::"),
    ],
)
def test_an_address_is_given_in_one_text(written, meant):
    assert canonical(written) == meant


@pytest.mark.parametrize("text", ["", "*", "web", "10.0.0", "10.0.0.256", "1" * 10_000, "%eth0", "10.0.0.1 "])
def test_what_is_not_an_address_is_none(text):
    assert canonical(text) is None


@pytest.mark.parametrize("text", ["127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_recognised(text):
    assert is_loopback(text)
    assert not is_loopback("10.0.0.1")
