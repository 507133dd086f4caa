import datetime as dt
import os
import shutil

import pytest

from dev.certificate import make_certificate
from tests.terraform.module import Module, bare_environment, copy_checkout
from tests.terraform.site import site as everything
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.endpoints import HOSTS
from tests.terraform.standin.provider import providing


@pytest.fixture(scope="session", name="_terraform")
def terraform_is_installed():
    """Skip where there is no terraform, but fail where nobody would see that."""
    if shutil.which("terraform") is None:
        if os.environ.get("CI"):
            pytest.fail("terraform is not installed; CI needs it, 1.11 or newer.")
        pytest.skip("terraform is not installed: https://developer.hashicorp.com/terraform/install")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory, _terraform):
    """A copy of the checkout with the module initialised, for tests to copy."""
    root = tmp_path_factory.mktemp("terraform") / "checkout"
    root.mkdir()
    copy_checkout(root)
    with providing(Azure()) as reached:
        run = Module(root, {**bare_environment(), **reached}).terraform("init", "-input=false", "-no-color")
    assert run.succeeded, run.output
    return root


@pytest.fixture(scope="session")
def apps_certificate(tmp_path_factory):
    """What the function apps show to curl."""
    return make_certificate(tmp_path_factory.mktemp("apps"), dt.datetime.now(dt.UTC), HOSTS)


@pytest.fixture
def site(tmp_path, checkout, apps_certificate):
    """Azure with nothing of ours in it, a gateway that knows no subscription, and the module."""
    with everything(tmp_path, checkout, apps_certificate) as running:
        yield running
