import gzip
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.delivery.spool import BETWEEN_REASONS, INTERVALS_MAX, Spool, make_batch
from agent.foreign import plain_words
from tests.agent.delivery.killed import batch
from tests.shared.apigw.test_foreign import every_reason
from tests.support.secrets import TOKEN

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "spool"


def waiting(spool):
    """Take everything out."""
    taken = []
    while (oldest := spool.oldest()) is not None:
        taken.append(oldest)
        spool.done(oldest)
    return taken


def files(directory):
    return sorted(file.name for file in directory.iterdir() if file.is_file())


def test_intervals_come_out_as_they_went_in_oldest_first(directory):
    spool = Spool(directory)
    for number in range(5):
        spool.add(batch(number))
    assert len(spool) == 5
    assert waiting(spool) == [batch(number) for number in range(5)]
    assert (len(spool), spool.oldest(), files(directory)) == (0, None, [])


def test_another_process_finds_them(directory):
    spool = Spool(directory)
    for number in range(3):
        spool.add(batch(number))
    assert waiting(Spool(directory)) == [batch(number) for number in range(3)]


def test_nobody_else_can_read_them(directory):
    Spool(directory).add(batch(0))
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir() if file.is_file()} == {0o600}


def test_reasons_that_an_older_agent_kept_as_they_came_are_cleaned(directory):
    Spool(directory).keep_rejected(batch(0), f"localhost:8048 answers 400: the token {TOKEN} is not known")
    [reason] = (directory / "refused").glob("*.txt")
    for _ in range(2):
        Spool(directory)
        assert reason.read_text() == "... answers 400: the token ... is not known\n"
    assert reason.stat().st_mode & 0o777 == 0o600


def test_at_least_sixty_intervals_wait():
    assert INTERVALS_MAX >= 60


def test_the_oldest_are_dropped_first_and_counted(directory, caplog):
    spool = Spool(directory, intervals_max=60)
    for number in range(63):
        spool.add(batch(number))
    assert (len(spool), spool.dropped) == (60, 3)
    assert spool.oldest() == batch(3)
    assert caplog.text.count("is dropped") == 3
    assert Spool(directory).dropped == 3


def test_an_interval_dropped_on_its_way_is_not_missed(directory):
    spool = Spool(directory, intervals_max=1)
    spool.add(batch(0))
    on_its_way = spool.oldest()
    spool.add(batch(1))
    spool.done(on_its_way)
    assert waiting(spool) == [batch(1)]


def test_a_clock_set_back_makes_no_key_twice(directory):
    spool = Spool(directory)
    spool.add(batch(9))
    spool.add(batch(9))
    spool.add(batch(0))
    starts = [each.start_ms for each in waiting(spool)]
    assert starts == [batch(9).start_ms + more for more in range(3)]


def test_what_is_refused_is_kept_apart_with_the_reason(directory):
    spool = Spool(directory)
    for number in range(30):
        spool.add(batch(number))
        spool.set_aside(spool.oldest(), f"reason {number}: ü")
    assert (len(spool), spool.dropped) == (0, 0)
    kept = files(directory / "refused")
    assert len(kept) == 40
    newest = directory / "refused" / batch(29).name
    assert gzip.decompress(newest.read_bytes()) == gzip.decompress(batch(29).body)
    assert Path(f"{newest}.reason.txt").read_text() == "reason 29: ü\n"


def test_reasons_of_this_agent_stay_as_they_are_however_many(directory):
    reasons = BETWEEN_REASONS.join(sorted(set(map(plain_words, every_reason()))))
    Spool(directory).keep_rejected(batch(0), reasons)
    Spool(directory)
    (kept,) = (directory / "refused").glob("*.reason.txt")
    assert kept.read_text() == f"{reasons}\n"


def test_other_files_are_left_alone(directory):
    Spool(directory)
    for name in ("note.txt", "1-2.ndjson.gz", "1795521600000-x.ndjson.gz"):
        (directory / name).write_text("")
    assert Spool(directory).oldest() is None
    assert len(files(directory)) == 3


def test_a_file_that_is_gone_is_counted_as_dropped(directory, caplog):
    spool = Spool(directory)
    spool.add(batch(0))
    spool.add(batch(1))
    (directory / batch(0).name).unlink()
    assert waiting(spool) == [batch(1)]
    assert spool.dropped == 1
    assert "can't be read from the spool, and is lost: No such file or directory." in caplog.text


def test_a_damaged_count_of_dropped_intervals_is_none(directory):
    Spool(directory)
    for text in ("", "many", "-1", "9" * 50, "²"):
        (directory / "dropped-intervals").write_text(text)
        assert Spool(directory).dropped == 0


@pytest.fixture
def small_files():
    """No file may become longer than a few bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))

    yield limit
    limit(None)


def test_what_the_disk_does_not_take_waits_in_memory(directory, caplog, small_files):
    spool = Spool(directory, intervals_max=4)
    spool.add(batch(0))
    small_files(10)
    for number in range(1, 6):
        spool.add(batch(number))
    small_files(None)
    assert files(directory) == ["dropped-intervals"]  # the oldest, on the disk, went first
    assert (len(spool), spool.dropped) == (4, 2)
    assert caplog.text.count("can't be written: File too large.") == 1
    assert waiting(spool) == [batch(number) for number in range(2, 6)]


def test_what_waits_in_memory_goes_to_the_disk_when_it_takes_it(directory, caplog, small_files):
    spool = Spool(directory)
    small_files(10)
    spool.add(batch(0))
    small_files(None)
    spool.add(batch(1))
    assert files(directory) == [batch(0).name, batch(1).name]
    assert "can be written again" in caplog.text
    assert waiting(Spool(directory)) == [batch(0), batch(1)]


def test_what_is_refused_and_cannot_be_kept_is_counted(directory, caplog, small_files):
    spool = Spool(directory)
    spool.add(batch(0))
    small_files(10)
    spool.set_aside(spool.oldest(), "a reason longer than that")
    assert (len(spool), spool.dropped) == (0, 1)
    assert "can't be kept, and are lost" in caplog.text


@pytest.fixture
def tiny_disk(tmp_path):
    """A real file system of 64 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mounted], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    yield mounted
    subprocess.run(["umount", mounted], check=True)


def large(number):
    return make_batch(1_795_521_600_000 + number, 1, os.urandom(12_000))


def test_a_full_disk_loses_nothing_while_the_agent_runs(tiny_disk, caplog):
    spool = Spool(tiny_disk / "spool", intervals_max=60)
    batches = [large(number) for number in range(12)]
    for each in batches:
        spool.add(each)
    assert caplog.text.count("can't be written: No space left on device.") == 1
    assert shutil.disk_usage(tiny_disk).free < 12_000
    on_disk = files(tiny_disk / "spool")
    assert on_disk == [each.name for each in batches[: len(on_disk)]]
    assert 3 <= len(on_disk) < len(batches)
    assert waiting(spool) == batches


def killed_at(directory, step):
    """Have a spool's process killed; return what it said before."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.agent.delivery.killed", directory, str(step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, [line.split() for line in done.stdout.splitlines()]


@pytest.mark.long
def test_a_kill_at_any_step_loses_nothing_that_was_added(tmp_path):
    step, code = 0, -signal.SIGKILL
    while code:
        step += 1
        directory = tmp_path / str(step)
        code, said = killed_at(directory, step)
        if not directory.exists():
            continue
        added = {int(number) for word, number in said if word == "added"}
        gone = {int(number) for word, number in said if word in ("done", "aside")}
        spool = Spool(directory, intervals_max=3)
        assert not list(directory.rglob("*.new"))
        found = {each.start_ms - batch(0).start_ms: each for each in waiting(spool)}
        assert all(each == batch(number) for number, each in found.items())
        dropped = spool.dropped
        missing = sorted(added - gone - set(found))
        # What was on its way out when it died may be in or out, and the oldest may have been dropped.
        assert len(missing) <= dropped + 1
        assert missing == sorted(added - gone)[: len(missing)]
        assert gone & set(found) == set()
    assert step > 60
