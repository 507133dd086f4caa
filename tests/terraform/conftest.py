import datetime as dt
import os
import shutil

import pytest

from dev.certificate import make_certificate
from tests.terraform.module import require_terraform
from tests.terraform.site import A, initialise
from tests.terraform.site import site as everything
from tests.terraform.standin.endpoints import HOSTS


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the checkout with the module initialised, for tests to copy."""
    require_terraform(shutil.which("terraform"), in_ci=bool(os.environ.get("CI")))
    root = tmp_path_factory.mktemp("terraform") / "checkout"
    root.mkdir()
    initialise(root)
    return root


@pytest.fixture(scope="session")
def apps_certificate(tmp_path_factory):
    """What everything in Azure shows over TLS."""
    return make_certificate(tmp_path_factory.mktemp("apps"), dt.datetime.now(dt.UTC), HOSTS)


@pytest.fixture
def site(tmp_path, checkout, apps_certificate):
    """Azure with nothing of ours in it, a gateway that knows no subscription, and the module."""
    with everything(tmp_path, checkout, apps_certificate) as running:
        yield running


@pytest.fixture
def applied(site):
    """A site with one entry of region_set applied in subscription A."""
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    run = site.module.apply(A)
    assert run.succeeded, run.error
    return site


@pytest.fixture
def by_identity(site):
    """The same, with the account given by its id, and alerts by mail."""
    site.entry(A, "flowlogs1")
    entry = {"location": "eastus", "flow_logs_storage_account_id": site.azure.estate.accounts[0].id}
    site.module.write_variables(site.variables(location1=entry) | {"alert_email": "network-team@example.com"})
    run = site.module.apply(A)
    assert run.succeeded, run.error
    return site
