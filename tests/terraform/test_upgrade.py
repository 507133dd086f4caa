"""An installation of the release before modules/sluice goes on as it was: no names change, and nothing is made anew."""

import hashlib
import json

import pytest

from tests.terraform.site import A
from tests.terraform.standin.azure import Verb

BEGUN = "2026-11-01T10:00:00Z"
_INSTALLATION = {"begun": BEGUN, "location": "eastus", "subscription_id": A}


def kept(values):
    """Values as a state keeps those of terraform_data."""
    return {"value": values, "type": ["object", dict.fromkeys(values, "string")]}


def state_of(*resources):
    head = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "x"}
    return json.dumps(head | {"resources": resources})


def as_it_was(text):
    """A state as the earlier release wrote it."""
    state = json.loads(text.replace('"module": "module.sluice",', "").replace('"module.sluice.', '"'))
    state["resources"] = [
        one for one in state["resources"] if one["mode"] == "managed" and one["name"] != "flow_logs_account"
    ]
    for resource in state["resources"]:
        if resource["name"] == "deregistration":
            for values in (resource["instances"][0]["attributes"][name] for name in ("input", "output")):
                old = {name: values["value"][name] for name in ("apigw_url", "subscription_id")}
                files = ":".join(json.loads(values["value"]["variables_files"]))
                values.update(kept(old | {"script": "./scripts/deregister.sh", "variables_files": files}))
    return json.dumps(state)


@pytest.fixture
def earlier(site):
    """A site with what the earlier release made, and its state."""
    installation = kept(_INSTALLATION)
    attributes = {"id": "one", "input": installation, "output": installation, "triggers_replace": None}
    (site.module.folder / "terraform.tfstate").write_text(
        state_of(
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": "installation",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
            }
        )
    )
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    run = site.module.apply(A)
    assert run.succeeded, run.error
    file = site.module.folder / "terraform.tfstate"
    file.write_text(as_it_was(file.read_text()))
    site.azure.journal.clear()
    return site


@pytest.mark.long
def test_it_keeps_its_names_and_all_that_it_made(earlier):
    suffix = hashlib.sha256(f"{A}/{BEGUN}".encode()).hexdigest()[:8]
    assert f"sluice-{suffix}" in [group.values["name"] for group in earlier.azure.estate.of("azurerm_resource_group")]
    run = earlier.module.apply(A)
    assert run.succeeded, run.error
    assert earlier.azure.done(Verb.CREATE) == earlier.azure.done(Verb.DELETE) == []
    assert earlier.registered == [A]
    planned = earlier.module.plan(A)
    assert planned.nothing_to_do, planned.output


@pytest.mark.long
def test_it_is_destroyed_at_once(earlier):
    run = earlier.module.destroy(A)
    assert run.succeeded, run.error
    assert earlier.nothing_left
