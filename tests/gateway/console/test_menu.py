import pytest

from gateway.console import menu
from tests.gateway.console.sheet import Sheet


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "Home"),
        ("/traffic/record", "Traffic List"),
        ("/setup/items/7", "Configuration Items"),
        ("/help/console", "Help"),
        ("/nowhere", ""),
        ("/rulesets", ""),
    ],
)
def test_a_path_has_the_name_of_its_page_in_the_menu(path, name):
    assert menu.name_of(path) == name


def test_every_entry_of_the_menu_is_a_page(administrator):
    for group in menu.GROUPS:
        for entry in group.entries:
            assert administrator.get(entry.address).status_code == 200, entry


def test_the_menu_has_only_what_one_may_open(administrator, reader):
    for person, expected in ((administrator, True), (reader, False)):
        assert ("/setup/users" in [link.address for link in Sheet.of(person.get("/account")).links]) is expected


def test_the_pages_of_the_traffic_keep_the_search_and_the_others_do_not(reader):
    addresses = [link.address for link in Sheet.of(reader.get("/traffic?q=dport:22")).links]
    assert "/rules?q=dport:22" in addresses
    assert "/setup/tokens" in addresses


def test_the_current_page_is_marked(reader):
    marked = [link.address for link in Sheet.of(reader.get("/setup/storage")).links if "aria-current" in link.said]
    assert marked == ["/setup/storage"]
