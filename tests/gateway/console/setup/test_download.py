import io
import json
import zipfile

import pytest

from dev.gateway.local import run_in_thread
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of
from tests.gateway.console.setup.configured import configuration, connection_string

NAME = "azure-production"
DETAILS = f"/setup/flow-logs/{NAME}"
SCRIPTS = f"{DETAILS}/scripts"


@pytest.fixture
def package(tmp_path):
    return tmp_path / "function.zip"


@pytest.fixture
def own(tmp_path, clock, package):
    """A gateway of the test's own, with a package of its own."""
    with run_in_thread(tmp_path / "data", clock=clock.now, package=package) as running:
        yield running


@pytest.fixture
def ada(own):
    """An administrator with a configuration."""
    accounts = own.stores.accounts
    accounts.add_user("ada", accounts.add_customer("customer"), PASSWORD)
    person = Person(own.url)
    person.sign_in("ada", PASSWORD)
    assert person.send("/setup/flow-logs/new", configuration("flowlogsone", "flowlogstwo")).status_code == 303
    return person


def test_the_download_is_filled_in_kept_nowhere_and_recorded(own, ada, package):
    package.write_bytes(b"the package")
    answer = ada.send(SCRIPTS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="azure-production.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        filled_in = json.loads(archive.read(f"{NAME}/terraform.tfvars.json"))
    assert filled_in["apigw_url"] == own.url
    assert filled_in["region_set"]["location2"] == {
        "location": "eastus",
        "flow_logs_storage_connection_string": connection_string("flowlogstwo"),
    }
    (customer,) = own.stores.database.run("SELECT id FROM customers")
    entry = own.stores.audit_log.page(customer[0])[0]
    assert (entry.who, entry.action.words, entry.subject) == ("ada", "downloaded the scripts of a deployment", NAME)
    assert ada.send(SCRIPTS).content == answer.content


def test_without_a_package_the_page_says_what_to_do(ada, package):
    assert "Run make package" in text_of(ada.get(DETAILS))
    refused = ada.send(SCRIPTS)
    assert refused.status_code == 404
    assert "make package" in text_of(refused)
    package.write_bytes(b"the package")
    assert "Run make package" not in text_of(ada.get(DETAILS))


def test_no_address_alone_downloads(ada, package):
    package.write_bytes(b"the package")
    assert ada.get(SCRIPTS).status_code == 405
    assert ada.post(SCRIPTS).status_code == 403


def test_a_lost_key_is_reported_without_the_secrets(own, ada, package, tmp_path):
    package.write_bytes(b"the package")
    (tmp_path / "data" / "secrets.key").unlink()
    own.stores.deployments._vault._fernet = None
    refused = ada.send(SCRIPTS)
    assert refused.status_code == 500
    assert "Restore it from a backup." in text_of(refused)
