"""An upgrade that is cut off anywhere leaves the old state or the new one, never a third."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.stores import accounts_schema, upgrade
from gateway.stores.duckdb import schema as records_schema
from gateway.stores.upgrade import UpgradeError
from tests.gateway.stores.directories import (
    FIRST,
    NOW,
    Usage,
    columns,
    files,
    open_to_everybody,
    rows,
    version_0_1,
    versions,
)

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534
MARKED = ("records", "facts", "unsettled")


class Watched:
    """A connection that tells before each of its statements how many there were."""

    def __init__(self, connection, told):
        self._connection = connection
        self._told = told

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, *arguments):
        self._told()
        return self._connection.execute(*arguments)


def watched(monkeypatch, schema, told):
    connect = schema.connect
    monkeypatch.setattr(schema, "connect", lambda path: Watched(connect(path), told))


@pytest.fixture(params=[records_schema, accounts_schema], ids=["records", "accounts"])
def schema(request):
    """What the file is made with whose upgrade is cut off."""
    return request.param


@pytest.fixture
def cut_off(data, tmp_path, monkeypatch, schema):
    """The directory as each statement of an upgrade of a file finds it, which is as a kill leaves it there."""
    found = []

    def told():
        found.append(shutil.copytree(data, tmp_path / str(len(found))))

    with monkeypatch.context() as patch:
        watched(patch, schema, told)
        upgrade.upgrade(data, lambda _told: None)
    return found


OF_RECORDS = {"facts", "unsettled", "turned_hours", "turned_records", "observers", "edges", "edges_merged"}
"""The tables that steps have made in the file of the records."""


@pytest.mark.long
def test_an_upgrade_that_is_cut_off_at_any_statement_leaves_the_old_state_or_the_new_one(
    old_columns, kept, cut_off, data, schema
):
    whole = rows(data)
    bytes_, states = set(), set()
    for left in cut_off:
        # Most statements of a step leave nothing on the disk that the one before them did not.
        same = frozenset(files(left).items())
        if same in bytes_:
            continue
        bytes_.add(same)
        assert rows(left, old_columns) == kept
        for number, (version, file) in enumerate(zip(versions(left), (records_schema, accounts_schema), strict=True)):
            made = {table for table in columns(left) if table not in old_columns} - OF_RECORDS
            assert FIRST[number] <= version <= file.SCHEMA.version
            assert file is not accounts_schema or bool(made) == (version != FIRST[number])
        # Where it was cut off within one step, it goes on in the same way.
        state = versions(left), tuple(sorted(file.name for file in left.iterdir())), repr(rows(left))
        if state in states:
            continue
        states.add(state)
        upgrade.upgrade(left, lambda _told: None)
        assert versions(left) == NOW
        assert rows(left, old_columns) == kept
        brought = rows(left)
        assert {name: brought[name] for name in MARKED} == {name: whole[name] for name in MARKED}
        assert not list(left.glob("*.before-upgrade*"))
    assert len(states) > len(schema.SCHEMA.steps)


def test_a_process_that_is_killed_leaves_the_directory_as_its_statement_found_it(data, tmp_path, cut_off, schema):
    half = len(cut_off) // 2
    killed = version_0_1(tmp_path / "killed")
    process = os.fork()
    if not process:
        left = iter(range(half))
        with pytest.MonkeyPatch.context() as patch:
            watched(patch, schema, lambda: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL))
            upgrade.upgrade(killed, lambda _told: None)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(process, 0)[1])
    assert versions(killed) == versions(cut_off[half])
    assert rows(killed) == rows(cut_off[half]) != rows(data)
    assert sorted(file.name for file in killed.iterdir()) == sorted(file.name for file in cut_off[half].iterdir())


LIMITED = """
import resource, sys
from gateway.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
sys.exit(main(["serve", "--data", sys.argv[1], "--port", "0"]))
"""


@pytest.mark.parametrize("size", [1_000, 100_000, 2_000_000])
def test_a_full_disk_ends_in_a_sentence_and_in_a_directory_that_continues_once_there_is_room(
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


@pytest.mark.parametrize("name", ["records.duckdb", "accounts.sqlite"])
def test_a_file_that_can_t_be_opened_is_left_and_the_copy_that_a_cut_off_upgrade_left_is_named(data, name):
    """Never put in its place: the file may have more in it, and be kept from being opened by its rights alone."""
    shutil.copy(data / name, data / f"{name}.before-upgrade")
    (data / name).write_bytes(b"torn" * 4096)
    before = files(data)
    with pytest.raises(
        UpgradeError, match=rf"{name} can't be opened\. An upgrade of it was interrupted, and .*before-upgrade"
    ):
        upgrade.upgrade(data, lambda _told: None)
    assert files(data)[name] == before[name]
    assert (data / f"{name}.before-upgrade").exists()


def test_the_room_that_a_cut_off_upgrade_s_copy_takes_is_given_back_first(data, monkeypatch):
    left = data / "records.duckdb.before-upgrade"
    shutil.copy(data / "records.duckdb", left)
    (data / "records.duckdb.before-upgrade.0a1b").write_bytes(b"half of one")
    size = sum((data / name).stat().st_size for name in ("records.duckdb", "accounts.sqlite"))

    def free(_path):
        return Usage(10**9, 0, 0 if left.exists() else 2 * size)

    monkeypatch.setattr(upgrade.shutil, "disk_usage", free)
    upgrade.upgrade(data, lambda _told: None)
    assert versions(data) == NOW
    assert not list(data.glob("*.before-upgrade*"))


HEAVY = """
import resource, sys
from dataclasses import replace
from gateway.stores.duckdb import schema as records_schema
from gateway.stores.migrations import Step
heavy = Step("something large", ("CREATE TABLE large AS SELECT md5(range::VARCHAR) AS x FROM range(2_000_000)",))
records_schema.SCHEMA = replace(records_schema.SCHEMA, steps=(*records_schema.SCHEMA.steps, heavy))
from gateway.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000_000, 20_000_000))
sys.exit(main(["serve", "--data", sys.argv[1], "--port", "0"]))
"""


def test_a_disk_that_fills_up_within_a_step_leaves_the_file_as_it_was_before_that_step(data, old_columns, kept):
    done = subprocess.run([sys.executable, "-c", HEAVY, data], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "could not be upgraded; it is as it was before the step that failed" in done.stderr
    assert versions(data)[0] == NOW[0]
    assert rows(data, old_columns) == kept
    upgrade.upgrade(data, lambda _told: None)
    assert versions(data) == NOW


def test_two_gateways_at_once_upgrade_once(data, kept, old_columns):
    (data / "records.duckdb").unlink()
    command = [sys.executable, "-m", "gateway", "serve", "--data", data, "--port", "0"]
    with contextlib.ExitStack() as running:
        both = [
            running.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]
        first = [process.stdout.readline() for process in both]
        for process in both:
            process.terminate()
        told = [process.stderr.read() for process in both]
    assert sorted(map(bool, first)) == [False, True]
    assert "Is another gateway serving from that directory?" in told[first.index("")]
    others = {"records", "rules", "origins", "posts", "refusals", "sessions"}  # sessions end by themselves
    tables = {table for table in old_columns if table not in others}
    assert {table: found for table, found in rows(data, old_columns).items() if table in tables} == {
        table: found for table, found in kept.items() if table in tables
    }
