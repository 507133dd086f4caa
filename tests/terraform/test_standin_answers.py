"""The stand-in answers as Azure's API descriptions say, and its provider makes of that what the real one does."""

import pytest

from tests.terraform.makings import EVENTS, GROUP, ROLE, TYPES, VAULT, config, make, make_vault, open_vault
from tests.terraform.makings import SECRET as VAULT_SECRET
from tests.terraform.site import A
from tests.terraform.standin.answering import Unheard, answered, forgetting, read_answers, remembering
from tests.terraform.standin.azure import Azure, Features, HalfMade
from tests.terraform.standin.describe import Models
from tests.terraform.standin.estate import SIGNED_IN
from tests.terraform.standin.planning import missing, planned
from tests.terraform.standin.rules import Refused
from tests.terraform.standin.values import UNKNOWN

ALERTS = "azurerm_monitor_scheduled_query_rules_alert_v2"
WEBHOOK = {"url": "https://app.example.com", "max_events_per_batch": None, "preferred_batch_size_in_kilobytes": None}


@pytest.fixture
def azure():
    """Azure with a resource group in subscription A."""
    azure = Azure()
    azure.estate.subscription_id = A
    make(azure, GROUP, name="group", location="eastus")
    return azure


def attribute_of(kind, path):
    block = TYPES[kind].block
    *blocks, name = path.split(".")
    for one in blocks:
        block = block.blocks[one].block
    return block.attributes[name]


def test_what_is_not_sent_has_the_services_default():
    [webhook] = answered(EVENTS, {"webhook_endpoint": [WEBHOOK]})["webhook_endpoint"]
    assert (webhook["max_events_per_batch"], webhook["preferred_batch_size_in_kilobytes"]) == (1, 64)
    assert webhook["url"] == WEBHOOK["url"]


def test_what_is_sent_is_answered_as_the_service_spells_it():
    sent = {"location": "West Europe", "criteria": [{"operator": "greaterthan", "time_aggregation_method": "Count"}]}
    got = answered(ALERTS, sent)
    assert got["location"] == "westeurope"
    assert got["criteria"] == [{"operator": "GreaterThan", "time_aggregation_method": "Count"}]


def test_a_value_that_the_service_does_not_have_is_refused(azure):
    with pytest.raises(Unheard, match="cheap is not one of standard, premium"):
        answered(VAULT, {"sku_name": "cheap"})
    with pytest.raises(Refused, match="cheap is not one of standard, premium"):
        make(azure, VAULT, name="vault", sku_name="cheap", rbac_authorization_enabled=True, resource_group_name="group")


def test_only_azure_says_what_is_described_as_read_only():
    read_only = [
        (kind, path) for kind, said in read_answers().items() for path, answer in said.items() if answer.read_only
    ]
    assert ("azurerm_user_assigned_identity", "principal_id") in read_only
    for kind, path in read_only:
        attribute = attribute_of(kind, path)
        assert attribute.computed, (kind, path)
        assert not attribute.optional, (kind, path)


def test_every_attribute_with_an_answer_is_one_that_the_provider_has():
    assert all(attribute_of(kind, path) for kind, said in read_answers().items() for path in said)


def planned_again(kind, state, **given):
    """What is planned for a resource that is there: terraform proposes its computed values as they were."""
    block = TYPES[kind].block
    proposed = config(kind, **given)
    kept = {name: state[name] for name, one in block.attributes.items() if one.computed and proposed[name] is None}
    return planned(TYPES[kind], proposed | kept, state)


def test_what_azure_answers_unasked_is_a_difference_where_the_argument_is_not_computed():
    url = {"url": WEBHOOK["url"]}
    state = answered(EVENTS, config(EVENTS, webhook_endpoint=[dict(WEBHOOK)]))
    [webhook] = planned_again(EVENTS, state, webhook_endpoint=[url])["webhook_endpoint"]
    assert webhook["max_events_per_batch"] is None
    assert state["webhook_endpoint"][0]["max_events_per_batch"] == 1


@pytest.mark.parametrize("nothing", [False, 0, "", [], {}])
def test_what_looks_like_nothing_to_the_provider_is_none(nothing):
    state = config(VAULT, name="vault", purge_protection_enabled=nothing)
    assert planned_again(VAULT, state, name="vault")["purge_protection_enabled"] == nothing


def test_what_is_computed_stays(azure):
    vault = make_vault(azure)
    assert planned_again(VAULT, vault, name="vault")["vault_uri"] == vault["vault_uri"]
    assert planned(TYPES[VAULT], config(VAULT, name="vault"))["vault_uri"] == UNKNOWN


def test_a_required_argument_that_is_null_is_missing():
    assert missing(TYPES[GROUP], config(GROUP, name="group")) == [
        'Missing required argument: The argument "location" is required, but no definition was found.'
    ]


def test_what_azure_never_returns_is_kept_by_the_provider_and_unknown_to_whoever_imports(azure):
    password = "azuread_application_password"
    assert remembering(password, {"value": "another"}, {"value": "told once"}) == {"value": "told once"}
    assert forgetting(password, {"value": "told once"}) == {"value": None}
    role = make(azure, ROLE, scope=f"/subscriptions/{A}", principal_id=SIGNED_IN, role_definition_name="Reader")
    assert azure.found(ROLE, role["id"])["skip_service_principal_aad_check"] is None


def test_a_secret_that_is_imported_is_in_the_state(azure):
    secret = make(azure, VAULT_SECRET, name="token", key_vault_id=open_vault(azure)["id"], value_wo="the token")
    assert azure.found(VAULT_SECRET, secret["id"])["value"] == "the token"  # which is why `setup adopt` imports none


def test_what_is_there_is_refused_or_taken_over_as_the_provider_is_reported(azure):
    vault = make_vault(azure)
    with pytest.raises(
        Refused, match="already exists - to be managed via Terraform this resource needs to be imported"
    ):
        make_vault(azure)
    azure.features = Features(overwrites=True)
    assert make_vault(azure) == vault


def test_a_creation_that_was_ended_is_forgotten_unless_its_id_is_kept(azure):
    azure.traffic.begin(f"create {VAULT}")
    with pytest.raises(Refused, match="context canceled"):
        make_vault(azure)
    assert azure.estate.of(VAULT)

    azure.features = Features(persists_id=True)
    with pytest.raises(HalfMade, match="context canceled"):
        make_vault(azure, "another")


def test_a_role_is_given_once_whatever_it_is_named(azure):
    reader = {"scope": f"/subscriptions/{A}", "principal_id": SIGNED_IN, "role_definition_name": "Reader"}
    make(azure, ROLE, name="one", **reader)
    with pytest.raises(Refused, match="RoleAssignmentExists"):
        make(azure, ROLE, name="another", **reader)


def test_a_vault_that_was_deleted_and_not_purged_keeps_its_name(azure):
    azure.estate.conditions.purge_protection = True
    azure.delete(make_vault(azure)["id"])
    with pytest.raises(Refused, match="already exists in deleted state"):
        make_vault(azure)


def test_purge_protection_is_not_turned_off(azure):
    vault = make(
        azure, VAULT, name="v", sku_name="standard", rbac_authorization_enabled=True, purge_protection_enabled=True,
        resource_group_name="group", location="eastus",
    )  # fmt: skip
    with pytest.raises(Refused, match="once Purge Protection has been Enabled it's not possible to disable it"):
        azure.update(VAULT, TYPES[VAULT], vault | {"purge_protection_enabled": False}, {})


def test_defaults_read_only_properties_and_values_are_read_from_a_package(tmp_path):
    (tmp_path / "models.py").write_text('''
class Base(_serialization.Model):
    """A base.

    :ivar id: Its id.
    :vartype id: str
    """

    _validation = {"id": {"readonly": True}}
    _attribute_map = {"id": {"key": "id", "type": "str"}}


class Plan(Base):
    """A plan.

    :ivar size: How much. Known values are: "Small" and "Big".
    :vartype size: str
    :ivar inner: More of it.
    :vartype inner: Inner
    """

    _attribute_map = {
        "size": {"key": "properties.size", "type": "str"},
        "inner": {"key": "properties.inner", "type": "Inner"},
    }

    def __init__(self, *, size: str = "Small", inner: Optional["Inner"] = None, **kwargs: Any) -> None:
        pass


class Inner(_serialization.Model):
    """What is in it."""

    _attribute_map = {"on": {"key": "on", "type": "bool"}}

    def __init__(self, *, on: bool = False, **kwargs: Any) -> None:
        pass
''')
    assert Models(tmp_path / "models.py").properties("Plan", {}) == {
        "id": {"readOnly": True},
        "inner.on": {"default": False},
        "size": {"default": "Small", "values": ["Small", "Big"]},
    }
