import pytest

from tests.support.servers import always, answer, in_turn
from tests.terraform.setup.conftest import A, everywhere

VAULT = "https://sluice-0a1b2c3d.vault.azure.net/"
CLOSED = answer(403, {"error": {"code": "Forbidden", "message": "Caller is not authorized."}})
OPEN = answer(200, {"value": []})


@pytest.fixture
def wait(machine, apps_certificate):
    """Waits for a vault that answers so."""

    def waiting(respond, **environment):
        with everywhere(machine, respond, apps_certificate) as server:
            return machine.run("wait-for-vault", SUBSCRIPTION_ID=A, VAULT_URI=VAULT, **environment), server.requests

    return waiting


def test_an_open_vault_is_asked_once_with_a_token_of_its_subscription_and_cloud(machine, wait):
    done, [request] = wait(always(*OPEN))
    assert done.status == 0
    assert request.path == "/secrets?api-version=7.4&maxresults=1"
    assert request.headers["Authorization"] == "Bearer access-token"
    [words] = machine.az_words
    assert words.startswith(f"account get-access-token --subscription {A} --resource https://vault.azure.net ")


def test_another_cloud_has_another_audience(machine):
    machine.az("sys.exit('no')")
    machine.run("wait-for-vault", SUBSCRIPTION_ID=A, VAULT_URI="https://sluice-0a1b2c3d.vault.azure.cn/")
    assert "--resource https://vault.azure.cn " in machine.az_words[0]


def test_a_closed_vault_is_asked_again_until_it_opens(wait):
    done, requests = wait(in_turn(CLOSED, OPEN), SLUICE_PATIENCE="60")
    assert done.status == 0
    assert len(requests) == 2


def test_a_vault_that_stays_closed_is_reported_with_the_reason(wait):
    done, _ = wait(always(*CLOSED))
    assert done.status == 1
    assert f"The vault {VAULT} does not grant access: HTTP 403. Caller is not authorized." in done.said
    assert "Key Vault Secrets Officer" in done.said


def test_a_vault_of_another_tenant_is_not_waited_for(wait):
    done, requests = wait(always(*answer(401, {"error": {"message": "AKV10032"}})), SLUICE_PATIENCE="600")
    assert done.status == 1
    assert "AKV10032" in done.said
    assert len(requests) == 1


def test_whoever_is_not_signed_in_is_reported_at_once(machine, wait):
    machine.az("sys.exit('Please run az login.')")
    done, requests = wait(always(*OPEN), SLUICE_PATIENCE="600")
    assert done.status == 1
    assert "az is not signed in: Please run az login. Run az login, then run this again." in done.said
    assert len(machine.az_words) == 1
    assert not requests
