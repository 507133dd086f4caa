import pytest

from gateway.site import Reach, Site


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("https://gateway.example", Reach.ANYWHERE),
        ("https://gateway.example:8443", Reach.ANYWHERE),
        ("https://9.9.9.9", Reach.ANYWHERE),
        ("http://127.0.0.1:8080", Reach.THIS_MACHINE),
        ("http://localhost", Reach.THIS_MACHINE),
        ("https://localhost:8080", Reach.THIS_MACHINE),
        ("https://127.1.2.3", Reach.THIS_MACHINE),
        ("https://gateway.localhost.", Reach.THIS_MACHINE),
        ("https://10.0.0.4:8443", Reach.PRIVATE_NETWORK),
        ("https://169.254.0.4", Reach.PRIVATE_NETWORK),
        ("https://gateway", Reach.PRIVATE_NETWORK),
        ("https://gateway.corp.internal", Reach.PRIVATE_NETWORK),
        ("https://gateway.local", Reach.PRIVATE_NETWORK),
        ("https://0.0.0.0:8443", Reach.NOWHERE),
        ("https://[::]:8443", Reach.NOWHERE),
        ("https://[2606:4700::1]", Reach.NOWHERE),
        ("http://0.0.0.0:8080", Reach.NOWHERE),
        ("http://127.0.0.1.example", Reach.NOWHERE),
        ("http://gateway.example", Reach.NOWHERE),
    ],
)
def test_an_address_shows_from_where_it_can_be_reached(url, reach):
    assert Site(url).reach is reach
