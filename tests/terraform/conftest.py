import datetime as dt
import os
import shutil

import pytest

from dev.certificate import make_certificate
from tests.terraform.management import HOSTS
from tests.terraform.module import Module, bare_environment, copy_checkout, require_terraform
from tests.terraform.site import site as everything
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.provider import providing


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the checkout with the module initialised, for tests to copy."""
    require_terraform(shutil.which("terraform"), in_ci=bool(os.environ.get("CI")))
    root = tmp_path_factory.mktemp("terraform") / "checkout"
    root.mkdir()
    copy_checkout(root)
    with providing(Azure()) as reached:
        run = Module(root, {**bare_environment(), **reached}).terraform("init", "-input=false", "-no-color")
    assert run.succeeded, run.output
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
