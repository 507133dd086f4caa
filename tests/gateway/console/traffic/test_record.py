import pytest

from gateway.clock import to_ms
from gateway.console.traffic.columns import COLUMNS
from tests.gateway.client import record
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet


@pytest.fixture
def address(team, post, clock):
    """The address of the team's only record."""
    post(team, record(time=to_ms(clock.now()) - 1, rule="UserRule_ssh"))
    links = Sheet.of(team.reader.get("/traffic")).links
    return next(link.address for link in links if link.text == "Full record")


def test_all_there_is_to_a_record_stands_on_its_page(team, address):
    text = text_of(team.reader.get(address))
    assert "UserRule_ssh" in text
    assert all(column.label in text for column in COLUMNS.values())


def test_it_keeps_what_is_searched_for(team, address):
    page = Sheet.of(team.reader.get(f"{address}&q=rule:UserRule_*"))
    narrowed = next(link.address for link in page.links if link.text == "only")
    assert narrowed.startswith("/traffic?q=rule:UserRule_*%20")


def test_nobody_elses_record_can_be_opened(new_team, post, clock, address):
    other = new_team()
    assert other.reader.get(address).status_code == 200
    post(other, record(time=to_ms(clock.now())))
    answer = other.reader.get(address)
    assert answer.status_code == 404
    assert "UserRule_ssh" not in answer.text


@pytest.mark.usefixtures("address")
@pytest.mark.parametrize("place", ["", "x", "1.2", "1.2.3", "1.2.3.4", "-1.2.3", f"{2**63}.0.0", "1.2.²"])
def test_a_place_that_is_none_is_told(team, place):
    answer = team.reader.get(f"/traffic/record?at={place}")
    assert answer.status_code == 404
    assert "There is no record here." in text_of(answer)


@pytest.mark.usefixtures("address")
def test_a_search_that_is_wrong_is_told_here_too(team):
    assert team.reader.get("/traffic/record?at=1.2.3&range=x").status_code == 422
