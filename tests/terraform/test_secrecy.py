"""The subscription token is in terraform.tfvars.json and in the vault, and nowhere else."""

import base64
import subprocess
import sys
import time
import zipfile
from urllib.parse import quote

import pytest

from tests.terraform.secrecy import files_that_show, watching_processes
from tests.terraform.site import A

TOKEN = "planted/token+KQaKwYgnVA2Y_R8GYka6l5Oslguw2UhQEcP8rFw3d7M"


def test_no_run_of_terraform_leaves_the_token_anywhere(site, tmp_path):
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    token = site.customer.subscription_token
    logged = {"TF_LOG": "TRACE", "TF_LOG_PATH": str(tmp_path / "trace.log")}
    with watching_processes() as lines:
        runs = [
            site.module.plan(A, "-out=saved.plan"),
            site.module.apply(A, **logged),
            site.module.plan(A, "-destroy", "-out=destroy.plan"),
            site.module.destroy(A, **logged),
        ]
    assert runs[1].succeeded
    assert site.nothing_left
    assert (tmp_path / "trace.log").stat().st_size > 100_000
    assert files_that_show(token, tmp_path) == ["checkout/terraform/terraform.tfvars.json"]
    assert not any(token in run.output for run in runs)
    assert any(line.endswith(b"setup\0register\0") for line in lines.seen)
    assert lines.that_show(token) == []


@pytest.mark.long
def test_the_state_backup_and_plan_are_among_what_is_searched(site):
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    site.module.apply(A)
    site.module.plan(A, "-out=saved.plan")
    account_key = "a2V5LW9mLXRoZS1hY2NvdW50"  # which the state does hold
    site.module.destroy(A)
    assert set(files_that_show(account_key, site.module.folder)) == {
        "saved.plan",
        "terraform.tfstate.backup",
        "terraform.tfvars.json",
    }


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        base64.b64encode(TOKEN.encode()).decode(),
        base64.b64encode(f"Bearer {TOKEN}".encode()).decode(),
        base64.b64encode(f"x={TOKEN}&y".encode()).decode(),
        f"https://example.com/?token={quote(TOKEN, safe='')}",
    ],
)
def test_a_secret_is_found_in_every_form(tmp_path, written):
    (tmp_path / "file").write_text(f"before {written} after")
    with zipfile.ZipFile(tmp_path / "packed", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "file")
    assert files_that_show(TOKEN, tmp_path) == ["file", "packed"]


def test_a_secret_on_a_command_line_is_found():
    command = [sys.executable, "-ISc", "input()", TOKEN]
    with watching_processes() as lines, subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while not lines.that_show(TOKEN):
            assert time.monotonic() < deadline
        process.communicate(b"\n")
