"""An upgrade that is cut off anywhere leaves the old state or the new one, never a third."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.stores import accounts_schema, records_schema, upgrade
from tests.gateway.stores.directories import FIRST, NOW, columns, files, open_to_everybody, rows, versions

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534


class Counting:
    """A connection that ends the process before one of its statements."""

    def __init__(self, connection, before):
        self._connection = connection
        self._left = before

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, *arguments):
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        return self._connection.execute(*arguments)


def upgrade_killed(data, schema, before):
    """Upgrade in a process that is killed before a statement on one of the files. Tells whether it was."""
    process = os.fork()
    if not process:
        connect = schema.connect
        schema.connect = lambda path: Counting(connect(path), before)
        upgrade.upgrade(data, lambda _told: None)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


@pytest.mark.parametrize("schema", [records_schema, accounts_schema], ids=["records", "accounts"])
def test_an_upgrade_that_is_killed_at_any_statement_leaves_the_old_state_or_the_new_one(
    data, old_columns, kept, tmp_path, schema
):
    statements = 0
    while upgrade_killed(shutil.copytree(data, tmp_path / str(statements)), schema, statements):
        killed = tmp_path / str(statements)
        assert rows(killed, old_columns) == kept
        for number, (version, file) in enumerate(zip(versions(killed), (records_schema, accounts_schema), strict=True)):
            made = {table for table in columns(killed) if table not in old_columns}
            assert version in {FIRST[number], file.SCHEMA.version}
            assert file is not accounts_schema or bool(made) == (version != FIRST[number])
        upgrade.upgrade(killed, lambda _told: None)
        assert versions(killed) == NOW
        assert rows(killed, old_columns) == kept
        assert not list(killed.glob("*.before-upgrade*"))
        statements += 1
    assert statements > 5


LIMITED = """
import resource, sys
from gateway.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
sys.exit(main(["serve", "--data", sys.argv[1], "--port", "0"]))
"""


@pytest.mark.parametrize("size", [1_000, 100_000, 2_000_000])
def test_a_full_disk_ends_in_a_sentence_and_in_a_directory_that_goes_on_once_there_is_room(
    data, old_columns, kept, size
):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, data, str(size)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert versions(data) == FIRST
    upgrade.upgrade(data, lambda _told: None)
    assert rows(data, old_columns) == kept


def as_nobody():
    """Give up the rights that make every file writable, where the tests have them."""
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


@pytest.mark.parametrize("name", ["records.duckdb", "accounts.sqlite"])
def test_a_file_that_is_read_only_ends_in_a_sentence(tmp_path, data, name, capfd):
    for place in (data, *data.iterdir()) if os.geteuid() == 0 else ():
        os.chown(place, NOBODY, NOBODY)
    open_to_everybody(tmp_path)
    (data / name).chmod(0o400)
    before = files(data)[name]
    process = os.fork()
    if not process:
        as_nobody()
        # Nobody may not run the Python that the tests run on.
        upgrade.copy = lambda source, target, _say: shutil.copy(source, target)
        status = main(["serve", "--data", str(data), "--port", "0"])
        sys.stderr.flush()
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1
    told = capfd.readouterr().err
    assert str(data) in told
    assert "read" in told or "denied" in told
    assert files(data)[name] == before


def test_a_file_that_can_t_be_opened_after_a_cut_off_upgrade_is_its_copy_again(data, old_columns, kept):
    for name in ("records.duckdb", "accounts.sqlite"):
        shutil.copy(data / name, data / f"{name}.before-upgrade")
        (data / name).write_bytes(b"torn" * 4096)
    (data / "records.duckdb.wal").write_bytes(b"torn")
    said = []
    upgrade.upgrade(data, said.append)
    assert sum("can't be opened after an upgrade that was cut off" in line for line in said) == 2
    assert versions(data) == NOW
    assert rows(data, old_columns) == kept
