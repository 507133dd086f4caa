import json
import logging
from pathlib import Path

import pytest

from dev.host.errors import HostError
from dev.host.host_json import HostJson, read_host_json


def _read(folder: Path, content: object) -> HostJson:
    (folder / "host.json").write_text(json.dumps(content))
    return read_host_json(folder)


def test_the_blob_settings_are_read(tmp_path: Path):
    blobs = {"maxDegreeOfParallelism": 4, "poisonBlobThreshold": 2}
    read = _read(tmp_path, {"version": "2.0", "extensions": {"blobs": blobs}})
    assert (read.parallelism, read.tries) == (4, 2)


def test_a_blob_is_tried_five_times_if_nothing_is_said(tmp_path: Path):
    assert _read(tmp_path, {"version": "2.0"}).tries == 5


@pytest.mark.parametrize(
    ("category", "level"),
    [
        ("Function.sweep.User", logging.ERROR),
        ("Function.other.User", logging.INFO),
        ("Functional", logging.WARNING),
        ("Host.Results", logging.CRITICAL + 1),
    ],
)
def test_the_longest_name_that_begins_a_category_decides_its_level(tmp_path: Path, category: str, level: int):
    levels = {"default": "Warning", "Function": "Information", "Function.sweep": "Error", "Host.Results": "None"}
    assert _read(tmp_path, {"version": "2.0", "logging": {"logLevel": levels}}).log_level(category) == level


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "version"),
        ([], "version"),
        ({"version": "2.0", "extensions": []}, "extensions is not an object"),
        ({"version": "2.0", "extensions": {"blobs": {"poisonBlobThreshold": 0}}}, "poisonBlobThreshold is 0"),
        ({"version": "2.0", "extensions": {"blobs": {"maxDegreeOfParallelism": True}}}, "maxDegreeOfParallelism"),
        ({"version": "2.0", "logging": {"logLevel": {"default": "Loud"}}}, "Loud"),
    ],
)
def test_a_wrong_host_json_is_refused_with_the_reason(tmp_path: Path, content: object, reason: str):
    with pytest.raises(HostError, match=reason):
        _read(tmp_path, content)


def test_a_missing_host_json_is_refused(tmp_path: Path):
    with pytest.raises(HostError, match="is missing"):
        read_host_json(tmp_path)


def test_a_host_json_that_is_not_json_is_refused(tmp_path: Path):
    (tmp_path / "host.json").write_text("{")
    with pytest.raises(HostError, match="not valid JSON"):
        read_host_json(tmp_path)
