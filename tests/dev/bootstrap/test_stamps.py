from pathlib import Path

import pytest

from dev.bootstrap.stamps import Stamp


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("one")
    return path


@pytest.fixture
def stamp(tmp_path: Path, source: Path) -> Stamp:
    (tmp_path / "made").mkdir()
    stamp = Stamp(tmp_path / "made" / "stamp", [source])
    stamp.write()
    return stamp


def test_what_was_made_from_unchanged_sources_is_current(stamp: Stamp, source: Path):
    source.touch()
    assert stamp.is_current()


def test_a_changed_source_makes_it_stale(stamp: Stamp, source: Path):
    source.write_text("two")
    assert not stamp.is_current()


def test_a_step_that_began_and_did_not_end_is_stale(stamp: Stamp):
    stamp.remove()
    assert not stamp.is_current()
    stamp.remove()


def test_what_was_never_made_is_stale(tmp_path: Path, source: Path):
    assert not Stamp(tmp_path / "nothing" / "stamp", [source]).is_current()


def test_what_was_moved_to_another_place_is_stale(stamp: Stamp, tmp_path: Path, source: Path):
    assert stamp.is_current()
    (tmp_path / "made").rename(tmp_path / "moved")
    assert not Stamp(tmp_path / "moved" / "stamp", [source]).is_current()
