"""An apply that is ended anywhere is taken up by the next one, and destroy leaves nothing: some of all interruptions.

`make terraform-interruptions` ends terraform at every request.
"""

import signal

import pytest

from tests.terraform.interruptions import interrupt
from tests.terraform.site import A
from tests.terraform.site import site as everything

FURTHER = [
    ("create azurerm_resource_group", signal.SIGKILL, False, "azurerm_resource_group"),
    ("create azurerm_role_assignment", signal.SIGINT, False, "azurerm_role_assignment"),
    ("create azurerm_function_app_flex_consumption", signal.SIGKILL, True, "azurerm_function_app_flex_consumption"),
    ("create azurerm_key_vault_secret", signal.SIGKILL, False, "azurerm_key_vault_secret"),
]


@pytest.fixture(scope="module")
def everything_once(tmp_path_factory, checkout, apps_certificate):
    """One site for all interruptions, each of which leaves nothing in it."""
    with everything(tmp_path_factory.mktemp("interrupted"), checkout, apps_certificate) as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize(
    ("request_", "by", "at_once", "forgotten"),
    [("create azuread_application", signal.SIGKILL, True, "azuread_application"), *FURTHER],
)
def test_an_apply_that_was_ended_is_taken_up(everything_once, request_, by, at_once, forgotten):
    ended = interrupt(everything_once, request_, by, at_once=at_once)
    assert forgotten in ended.forgotten
    assert ended.trouble == ""


def test_where_nothing_was_ended_there_is_nothing_to_take_up(everything_once):
    everything_once.module.write_variables(everything_once.variables(location1=everything_once.entry(A, "flowlogs1")))
    adopted = everything_once.module.adopt(A)
    assert adopted.says("Nothing was left behind by an earlier apply."), adopted.output


@pytest.mark.long
def test_a_state_that_was_lost_is_told_from_an_apply_that_was_ended(applied):
    (applied.module.folder / "terraform.tfstate").write_text("")  # as terraform leaves it if it is ended while writing
    refused = applied.module.adopt(A)
    assert not refused.succeeded
    assert refused.says("This state has no installation, but the subscription has resource groups of one: sluice-")
    assert refused.says("If their state is lost, docs/install.md says how to remove them.")
