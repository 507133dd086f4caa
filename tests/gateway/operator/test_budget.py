import pytest

from gateway.operator.operations import OPERATIONS
from gateway.operator.work import RefusedError, Work
from gateway.stores.operator_log import Action
from gateway.stores.stores import open_stores
from gateway.traffic.budget import DEFAULT_BUDGET, Budget
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.stores.duckdb.test_usage import NOW, post


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path) as opened:
        opened.accounts.add_customer("contoso")
        opened.accounts.add_customer("fabrikam")
        yield opened


@pytest.fixture
def ask(stores):
    def asking(customer="contoso", **arguments):
        work = Work(stores, lambda: NOW, lambda _told: None, {"customer": customer, "who": "ada"} | arguments)
        return OPERATIONS["budget"](work)

    return asking


def test_a_customer_without_a_budget_of_its_own_has_the_default_one(ask):
    told = ask()
    assert told["texts"] == {"used": 0, "budget": DEFAULT_BUDGET.texts}
    assert told["stored_bytes"] == {"used": 0, "budget": DEFAULT_BUDGET.stored_bytes}


def test_what_is_named_is_set_and_the_rest_stays(stores, ask):
    stores.records.store(post("key"), transposed([record()]))
    assert ask(texts=7)["texts"] == {"used": 2, "budget": 7}
    told = ask(stored_bytes=10**9)
    assert (told["texts"]["budget"], told["stored_bytes"]["budget"]) == (7, 10**9)
    assert stores.budgets.of(1) == Budget(7, 10**9)
    assert stores.budgets.of(2) == DEFAULT_BUDGET
    assert ask(texts=None)["texts"]["budget"] == DEFAULT_BUDGET.texts
    assert stores.budgets.own() == {1: Budget(DEFAULT_BUDGET.texts, 10**9)}


def test_the_operator_s_log_tells_what_was_set_and_nothing_of_a_look(stores, ask):
    ask()
    assert stores.operator_log.all() == []
    ask(texts=7)
    (done,) = stores.operator_log.all()
    assert (done.who, done.action) == ("ada", Action.SET_BUDGET)
    assert done.subject.startswith("contoso: 7 distinct texts, ")


def test_a_customer_that_is_not_there_or_is_being_removed_is_refused(stores, ask):
    with pytest.raises(RefusedError, match="There is no customer"):
        ask("nobody", texts=7)
    stores.removals.begin(1, NOW)
    with pytest.raises(RefusedError, match="being removed"):
        ask(texts=7)
    assert stores.budgets.own() == {}


def test_the_budget_goes_with_its_customer(stores, ask):
    ask(texts=7)
    stores.removals.begin(1, NOW)
    stores.removals.finish(1)
    assert stores.budgets.own() == {}
