from pathlib import Path
from types import SimpleNamespace

import pytest

from dev.demo.set_up import set_up
from dev.flowlogs.nics import SUBSCRIPTION
from dev.gateway.local import new_customer, run_in_thread
from tests.gateway.console.person import Person, text_of


@pytest.fixture
def running(tmp_path: Path):
    """The parts that the set-up needs, of a gateway of the test's own."""
    with run_in_thread(tmp_path) as gateway:
        customer = new_customer(gateway.stores.database, "demo")
        yield SimpleNamespace(
            logs=SimpleNamespace(name="sluice00000", key="cGxhbnRlZA=="),
            addresses=SimpleNamespace(gateway=gateway.url),
            gateway=SimpleNamespace(customer=customer),
            subscription_token=customer.subscription_token,
            stores=gateway.stores,
        )


def test_the_demos_deployment_is_there_to_look_at_registered_and_in_the_audit_log(running):
    set_up(running)
    person = Person(running.addresses.gateway)
    person.sign_in("demo", running.gateway.customer.password)
    assert f"azure-demo {SUBSCRIPTION} sluice00000 westeurope" in text_of(person.get("/setup/flow-logs"))
    assert "by application" in text_of(person.get("/setup/flow-logs/azure-demo"))
    assert SUBSCRIPTION in text_of(person.get("/setup/registrations"))
    actions = [entry.action.words for entry in running.stores.audit_log.page(running.gateway.customer.number)]
    assert "saved a deployment" in actions


def test_what_the_gateway_refuses_ends_in_a_sentence(running):
    running.subscription_token = "wrong"
    with pytest.raises(RuntimeError, match="did not register the subscription: HTTP 401"):
        set_up(running)
    with pytest.raises(RuntimeError, match="did not save the deployment: HTTP 422"):
        set_up(running)  # there is one of that name now
