import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from gateway.console.setup.readme import readme
from gateway.console.setup.scripts import pack, variables
from gateway.site import CHECKOUT
from gateway.stores.deployments import Deployment, StorageAccount

DEPLOYMENT = Deployment(
    "azure-production",
    "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    (StorageAccount("flowlogsone", "eastus"), StorageAccount("flowlogstwo", "westeurope")),
    datetime(2026, 11, 23, 15, 30, tzinfo=UTC),
)
SECRETS = {"flowlogsone": "secret-one", "flowlogstwo": "secret-two"}


@pytest.fixture
def package(tmp_path):
    """Takes the place of the function app's package."""
    path = tmp_path / "function.zip"
    path.write_bytes(b"the package")
    return path


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {entry.filename: (entry, archive.read(entry)) for entry in archive.infolist()}


def test_all_is_filled_in_but_the_token():
    assert variables(DEPLOYMENT, SECRETS, "https://gateway.example") == {
        "subscription_token": "",
        "apigw_url": "https://gateway.example",
        "deployment_name": "azure-production",
        "region_set": {
            "location1": {"location": "eastus", "flow_logs_storage_connection_string": "secret-one"},
            "location2": {"location": "westeurope", "flow_logs_storage_connection_string": "secret-two"},
        },
    }


def test_it_holds_the_module_the_package_and_the_variables(package):
    files = unpacked(pack("azure-production", {"a": 1}, "what to do", package))
    inside = {name.removeprefix("azure-production/"): content for name, (_, content) in files.items()}
    assert inside["function.zip"] == b"the package"
    assert json.loads(inside["terraform.tfvars.json"]) == {"a": 1}
    assert inside["README.md"] == b"what to do"
    module = "modules/sluice"
    assert {
        ".terraform.lock.hcl",
        "main.tf",
        f"{module}/main.tf",
        f"{module}/modules/region/main.code.tf",
        f"{module}/setup/__main__.py",
        f"{module}/setup/deploying.py",
    } <= inside.keys()
    assert not any(name.startswith("tests/") or "tfstate" in name or "__pycache__" in name for name in inside)


def test_two_downloads_are_byte_for_byte_the_same(package):
    assert pack("azure-production", {"a": 1}, "what to do", package) == pack(
        "azure-production", {"a": 1}, "what to do", package
    )


def test_nothing_in_it_lands_outside_of_its_folder_or_is_writable_by_others(package):
    for name, (entry, _) in unpacked(pack("azure-production", {}, "what to do", package)).items():
        path = PurePosixPath(name)
        assert path.parts[0] == "azure-production"
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert "\\" not in name
        assert entry.external_attr >> 16 == 0o100644


def test_what_terraform_left_beside_the_module_stays_there(tmp_path, package):
    module = tmp_path / "module"
    secrets = tmp_path / "secrets.tf"
    secrets.write_text("planted-secret")
    for name in (
        "main.tf",
        "modules/a/main.tf",
        "setup/__main__.py",
        "setup/__pycache__/__main__.cpython-313.pyc",
        ".terraform/modules/a/main.tf",
        "modules/a/.terraform.lock.hcl",
        ".terraform.lock.hcl",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "production.tfvars.json",
        "terraform.tfvars",
        "crash.log",
        "tests/a.tf",
    ):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).write_text("x")
    (module / "link.tf").symlink_to(secrets)
    files = unpacked(pack("azure-x", {}, "what to do", package, module))
    assert sorted(name.removeprefix("azure-x/") for name in files) == [
        ".terraform.lock.hcl",
        "README.md",
        "function.zip",
        "main.tf",
        "modules/a/main.tf",
        "setup/__main__.py",
        "terraform.tfvars.json",
    ]


def commands(text):
    """The lines of code in a document, without comments."""
    lines = (line for line in text.splitlines() if line.startswith("    "))
    return [line.partition(" #")[0].strip() for line in lines]


def test_the_readme_has_the_steps_of_the_document_filled_in_and_no_secret():
    url = "https://gateway.example"
    text = readme(DEPLOYMENT, url)
    filled_in = (CHECKOUT / "docs" / "configure-azure-flow-logs.md").read_text()
    for placeholder, value in (("DEPLOYMENT", DEPLOYMENT.name), ("SUBSCRIPTION_ID", DEPLOYMENT.subscription_id)):
        filled_in = filled_in.replace(placeholder, value)
    _, _, from_the_download_on = filled_in.partition("## 6. ")
    steps = [
        command for command in commands(text) if command.startswith(("unzip", "cd", "az", "nano", "python", "terra"))
    ]
    written = [command for command in commands(from_the_download_on) if command in steps]
    assert steps == written
    assert len(steps) == 8
    for told in (url, "flowlogsone in eastus", "flowlogstwo in westeurope", f"{url}/setup/flow-logs/azure-production"):
        assert told in text
    assert not any(secret in text for secret in SECRETS.values())
