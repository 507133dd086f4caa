import pytest

from gateway.site import Site


@pytest.mark.parametrize(
    ("url", "reachable"),
    [
        ("https://gateway.example", True),
        ("https://gateway.example:8443", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("https://0.0.0.0:8443", False),
        ("https://[::]:8443", False),
        ("http://0.0.0.0:8080", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_an_address_is_reachable_if_the_module_takes_it(url, reachable):
    assert Site(url).reachable is reachable
