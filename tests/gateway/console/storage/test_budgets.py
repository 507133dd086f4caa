import pytest

from gateway.console.home.notices import Situation, budgets
from gateway.console.home.sources import Grade
from gateway.keeping.budgets import shares, shares_of_all
from gateway.traffic.budget import DEFAULT_BUDGET, Budget, Usage
from tests.gateway.client import record
from tests.gateway.console.person import text_of


@pytest.fixture
def spend(gateway, team, post):
    """Stores two texts of the team's, and lets it store so many."""

    def spending(texts):
        gateway.stores.budgets.set(team.customer, Budget(texts, 10**12))
        post(team, record())

    return spending


def test_the_page_tells_what_is_stored_and_how_much_may_be(reader, spend):
    spend(8)
    page = text_of(reader.get("/setup/storage"))
    assert "Distinct texts 2 8 25.0 %" in page
    assert "1.00 TB <0.1 %" in page
    assert "deferred until" not in page


def test_the_first_page_tells_of_a_budget_at_80_per_cent(administrator, reader, gateway, team, spend):
    spend(10)
    assert "distinct texts are used" not in text_of(administrator.get("/"))
    gateway.stores.budgets.set(team.customer, Budget(2, 10**12))
    told = "2 of the budget of 2 distinct texts are used. Posts that would exceed it are deferred"
    for person in (administrator, reader):
        assert told in text_of(person.get("/"))
        assert "Distinct texts 2 2 100.0 % spent" in text_of(person.get("/setup/storage"))


@pytest.mark.parametrize(
    ("texts", "stored_bytes", "grades"),
    [
        (0, 0, []),
        (79, 799, []),
        (80, 0, [Grade.WARN]),
        (0, 800, [Grade.WARN]),
        (100, 1000, [Grade.BAD] * 2),
        (150, 800, [Grade.BAD, Grade.WARN]),
    ],
)
def test_each_part_of_a_budget_is_reported_from_80_per_cent_on(clock, texts, stored_bytes, grades):
    situation = Situation(clock.now(), shares=shares(Usage(texts, stored_bytes), Budget(100, 1000)))
    assert [each.grade for each in budgets(situation)] == grades


def test_the_budgets_of_all_customers_are_at_hand(gateway, team, new_client, clock, spend):
    spend(3)
    other = new_client().customer
    found = {customer.number: parts for customer, parts in shares_of_all(gateway.stores, clock.now())}
    assert next((each.used, each.most) for each in found[team.customer]) == (2, 3)
    assert found[other][0].most == DEFAULT_BUDGET.texts
