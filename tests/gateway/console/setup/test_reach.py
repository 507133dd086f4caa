import pytest

from gateway.console.pages import Pages
from gateway.console.static_files import StaticFiles
from gateway.site import Site
from tests.gateway.console.person import text_of
from tests.gateway.console.setup.configured import configuration


@pytest.fixture
def warning():
    """Gives what the pages say about the gateway's address."""
    template = Pages(StaticFiles())._environment.get_template("setup/reach.html")
    return lambda url: str(template.module.warning(url, Site(url).reach)).strip()


def test_whoever_configures_flow_logs_is_told_that_azure_cannot_reach_a_loopback_address(administrator, gateway):
    told = f"The function app in Azure cannot reach the gateway at {gateway.url}"
    assert told in text_of(administrator.get("/setup/flow-logs/new"))
    administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    assert told in text_of(administrator.get("/setup/flow-logs/azure-production"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://10.0.0.4:8080", "does not accept the gateway"),
        ("https://127.0.0.1:8080", "works only on the machine that the gateway runs on"),
        ("https://10.0.0.4", "is an address of a private network"),
    ],
)
def test_an_address_that_azure_may_not_reach_is_warned_of_with_what_to_do(warning, url, told):
    assert told in warning(url)
    assert url in warning(url)
    assert "<code>--public-url</code>" in warning(url)


def test_a_public_address_needs_no_warning(warning):
    assert not warning("https://gateway.example")
