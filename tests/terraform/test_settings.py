"""What the module's settings say to values that were pasted along with something: each sentence, and never a value."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.module import Run, bare_environment, require_terraform, run_terraform

_MODULE = Path(__file__).resolve().parents[2] / "terraform"
_ID = "22222222-2222-2222-2222-222222222222"
_KEY = "cGxhbnRlZCBrZXk="
_STRING = f"DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey={_KEY};EndpointSuffix=core.windows.net"
_ACCOUNT_ID = f"/subscriptions/{_ID}/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/morelogs"
_PLAIN = {
    "apigw_url": "https://gateway.example.com",
    "subscription_id": _ID,
    "subscription_token": "planted-token",
    "alert_email": "network-team@example.com",
    "deployment_name": "azure-production",
    "start_from": "2026-11-23T15",
}
_ROOT = "\n".join(
    [
        'module "settings" {',
        '  source       = "./settings"',
        "  installed_in = var.subscription_id",
        *(f"  {name} = var.{name}" for name in (*_PLAIN, "endpoint_suffix", "region_set")),
        "}",
    ]
)
"""As the module itself hands its variables on: terraform shows the line of a refused value, here without the value."""
Plan = Callable[..., Run]
"""Plans the settings with some of them changed."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Plan:
    require_terraform(shutil.which("terraform"), in_ci=bool(os.environ.get("CI")))
    folder = tmp_path_factory.mktemp("settings")
    shutil.copytree(_MODULE / "modules" / "sluice" / "modules" / "settings", folder / "settings")
    shutil.copy(_MODULE / "variables.tf", folder)
    (folder / "main.tf").write_text(_ROOT)
    assert run_terraform(folder, bare_environment(), "init", "-input=false", "-no-color").succeeded

    def planned(**changed: Any) -> Run:
        entry = {"location": "eastus", "flow_logs_storage_connection_string": _STRING}
        variables = {**_PLAIN, "region_set": {"location1": entry}, **changed}
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        run = run_terraform(folder, bare_environment(), "plan", "-input=false", "-no-color")
        assert "planted" not in run.output
        assert _KEY not in run.output
        return run

    return planned


def _with(connection_string: str) -> dict[str, Any]:
    return {"location1": {"location": "eastus", "flow_logs_storage_connection_string": connection_string}}


def test_values_that_stand_alone_are_taken(plan: Plan):
    run = plan()
    assert run.succeeded, run.output


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ('"{}"', "is in quotes"),
        ("\u201c{}\u201d", "is in quotes"),
        *(
            (form, "has a line break, a space or an invisible character")
            for form in ("{}\n", "{}\r\n", " {}", "{}\u00a0", "\ufeff{}", "{}\u200b")
        ),
    ],
)
def test_what_was_pasted_along_is_named_for_every_variable_and_nothing_else_is_blamed(plan: Plan, form: str, said: str):
    run = plan(
        **{name: form.format(value) for name, value in _PLAIN.items()},
        region_set={
            "location1": {
                "location": form.format("eastus"),
                "flow_logs_storage_connection_string": form.format(_STRING),
            },
            "location2": {"location": "eastus", "flow_logs_storage_account_id": form.format(_ACCOUNT_ID)},
        },
    )
    assert not run.succeeded
    assert run.output.count("Error: Invalid value for variable") == len(_PLAIN) + 3
    for name in _PLAIN:
        assert run.says(f"{name} is in quotes, or has")
    for name in ("location", "flow_logs_storage_account_id"):
        assert run.says(f"{name} in an entry of region_set is in quotes, or has")
    assert run.says(f"flow_logs_storage_connection_string in an entry of region_set {said}")
    assert not run.says("EndpointSuffix")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_STRING.replace(_KEY, f'"{_KEY}"'), "is in quotes, or has quotation marks in it. Remove them."),
        (_STRING.replace(";", "; "), "has a line break, a space or an invisible character in it or at either end."),
        (f"{_STRING}\n{_STRING}", "has a line break, a space or an invisible character in it or at either end."),
        (f"FLOW_LOGS={_STRING}", "begins with a name, like a line of a script."),
        (f"{_STRING};{_STRING}", "has two connection strings, one after the other. Keep one."),
        (_STRING + _STRING, "has two connection strings, one after the other. Keep one."),
        (_STRING.replace("=flowlogs", "=FlowLogs"), "must be in lower case, as Azure names storage accounts"),
        (
            f"{_STRING};BlobEndpoint=https://flowlogs2.blob.core.windows.net/",
            "AccountName and BlobEndpoint in flow_logs_storage_connection_string name two storage accounts.",
        ),
        (
            f"{_STRING};BlobEndpoint=https://flowlogs2-secondary.z12.blob.storage.azure.net",
            "AccountName and BlobEndpoint in flow_logs_storage_connection_string name two storage accounts.",
        ),
        (f"{_STRING};BlobEndpoint=http://flowlogs.blob.core.windows.net", "must be copied whole"),
    ],
)
def test_a_connection_string_is_refused_in_a_sentence_of_its_own(plan: Plan, text: str, said: str):
    run = plan(region_set=_with(text))
    assert not run.succeeded
    assert run.says(said)
    assert not run.says("EndpointSuffix in flow_logs_storage_connection_string must be")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://flowlogs.blob.core.windows.net/",
        "https://FlowLogs.privatelink.blob.core.windows.net",
        "https://flowlogs-secondary.blob.core.windows.net",
        "https://flowlogs.z12.blob.storage.azure.net",
        "https://logs.example.com",
    ],
)
def test_every_address_of_the_account_is_taken(plan: Plan, endpoint: str):
    run = plan(region_set=_with(f"{_STRING};BlobEndpoint={endpoint}"))
    assert run.succeeded, run.output


def test_what_was_pasted_along_with_the_suffix_is_named(plan: Plan):
    # What depends on a variable that is refused is not looked at any more.
    run = plan(endpoint_suffix='"core.windows.net"')
    assert run.says("endpoint_suffix is in quotes, or has quotation marks, spaces or line breaks in it. Remove them.")
    assert not run.says("must be one of")


def test_a_token_that_is_a_line_of_a_script_is_named(plan: Plan):
    assert plan(subscription_token="SUBSCRIPTION_TOKEN=planted-token").says("subscription_token begins with a name")


def test_an_apostrophe_in_an_address_of_e_mail_is_right(plan: Plan):
    assert plan(alert_email="o'brien@example.com").succeeded
