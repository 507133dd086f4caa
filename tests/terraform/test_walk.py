"""docs/configure-azure-flow-logs.md, followed step by step: in a browser, with the downloaded scripts, by terraform."""

import datetime as dt
import json
import re
import subprocess
import sys
import zipfile

import pytest
from playwright.sync_api import expect

from gateway.stores.accounts import Role
from tests.gateway.browser.conftest import PASSWORD, chromium
from tests.gateway.browser.visit import Visit
from tests.gateway.client import Client, ndjson, record
from tests.terraform.module import run_terraform
from tests.terraform.site import A, connection_string

__all__ = ["chromium"]
STEPS = [
    "1. Create a storage account",
    "2. Enable flow logs",
    "3. Configure it in the console",
    "4. Create a subscription token",
    "5. Download the scripts",
    "6. Upload and unzip it",
    "7. Enter the token",
    "8. Check what is missing",
    "9. Deploy it",
    "10. See the records",
    "Remove it",
]
NAME = "azure-production"


class Reader:
    """Somebody with only the document to go by: uses nothing in the console that it does not name."""

    def __init__(self, page):
        self.page = page
        self.told = page.locator("main").inner_text()

    def finds(self, words):
        assert words in self.told, f"the document does not say {words!r}"
        return words

    def clicks(self, role, words):
        self.page.get_by_role(role, name=self.finds(words)).first.click()

    def fills(self, label, value):
        assert label.lower() in self.told.lower(), f"the document does not say {label!r}"
        self.page.get_by_label(label, exact=True).first.fill(value)

    def runs(self, command):
        """Give the words of a command, which the document has in the same form."""
        assert command in self.told, f"the document does not have the command {command!r}"
        return command.split()


@pytest.fixture
def reader(site, chromium):
    """An administrator of the customer, at the document in the console's help."""
    stores = site.gateway.stores
    stores.accounts.add_user("ada", site.customer.number, PASSWORD, Role.ADMINISTRATOR)
    context = chromium.new_context(base_url=site.gateway.url, viewport={"width": 1280, "height": 800})
    visit = Visit(context, site.gateway.url)
    page = visit.page
    visit.open("/help")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Configure Azure flow logs").click()
    page.get_by_role("heading", name="Configure Azure flow logs").wait_for()
    yield Reader(page)
    visit.close()
    assert visit.troubles == []


def token_of(reader):
    reader.clicks("link", "Tokens")
    reader.page.get_by_label("Purpose").fill(NAME)
    reader.page.get_by_role("radio", name=reader.finds("ingest")).check()
    reader.clicks("button", "Create token")
    return reader.page.get_by_label("Subscription token").input_value()


def configure(reader, account):
    reader.clicks("link", "Flow logs")
    reader.clicks("link", "Configure Flow Logs")
    reader.fills("Deployment name", NAME)
    reader.fills("Subscription id", A)
    reader.fills("Storage account", account)
    reader.fills("Region", "eastus")
    reader.fills("Connection string", connection_string(account))
    reader.clicks("button", "Save")


def download(reader, folder):
    reader.page.get_by_role("link", name=re.compile(f"^{reader.finds('View details')}")).click()
    with reader.page.expect_download() as downloading:
        reader.clicks("button", "Download scripts")
    with zipfile.ZipFile(downloading.value.path()) as archive:
        archive.extractall(folder)
    return folder / NAME


def step(reader, name):
    return reader.page.get_by_role("row", name=re.compile(f"^{name}")).inner_text().split("\t")[1]


@pytest.mark.long
def test_the_document_leads_from_nothing_to_records_and_back(site, reader, tmp_path):
    headings = reader.page.get_by_role("heading", level=2).all_inner_texts()
    assert headings == STEPS
    account = "flowlogs1"
    site.entry(A, account)  # steps 1 and 2 are Azure's own
    configure(reader, account)
    reader.page.get_by_text(f"{NAME} is saved.").wait_for()
    token = token_of(reader)
    reader.clicks("link", "Flow logs")
    folder = download(reader, tmp_path / "shell")

    variables = folder / "terraform.tfvars.json"
    written = variables.read_text()
    reader.finds('"subscription_token":')
    variables.write_text(written.replace('"subscription_token": ""', f'"subscription_token": "{token}"'))
    assert json.loads(variables.read_text())["subscription_token"] == token
    _, program, command, _ = reader.runs("python3 modules/sluice/setup preflight SUBSCRIPTION_ID")
    checked = subprocess.run(
        [sys.executable, program, command, A],
        cwd=folder,
        env=dict(site.module.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    # What it asks Azure itself is tried in its own tests.
    assert re.search("^ok +token +the gateway accepts it until", checked.stdout, re.MULTILINE), checked.stdout

    def terraform(command, *options):
        _, *words = reader.runs(command)
        return run_terraform(folder, dict(site.module.environment), *words, "-no-color", *options)

    assert terraform("terraform init").succeeded
    answers = ("-auto-approve", "-input=false", f"-var=subscription_id={A}")
    applied = terraform("terraform apply", *answers)
    assert applied.succeeded, applied.error
    for told in ("Sluice delivers. First records appear within 5 minutes", "Subscription token: valid until"):
        assert applied.says(reader.finds(told))
    [address] = set(re.findall(r"Console: (\S+)", applied.output))

    reader.page.goto(address)
    assert reader.page.get_by_role("heading", level=1).inner_text() == NAME
    assert [step(reader, name) for name in ("Scripts downloaded", "Registered", "First record")] == [
        "done",
        "done",
        "not yet",
    ]
    sender = Client(site.gateway.url, token, site.customer.number)
    now = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    log = {"Flow-Log": f"{account}/insights-logs-flowlogflowevent/PT1H.json"}
    assert sender.post(ndjson(record(time=now - 60_000)), "1", log).status_code == 202
    reader.page.reload()
    assert [step(reader, name) for name in ("First record", "Refused")] == ["done", "no"]
    reader.clicks("link", "Traffic List")
    expect(reader.page.get_by_role("cell", name="DefaultRule_AllowInternetOutBound")).to_have_count(1)

    destroyed = terraform("terraform destroy", *answers)
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left
    reader.clicks("link", "Registrations")
    expect(reader.page.get_by_role("row", name=f"{NAME} {A} public cloud gone")).to_be_visible()
