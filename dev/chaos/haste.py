"""Waits of the storage libraries, made short: they wait in real time, which no schedule has."""

import time
from types import SimpleNamespace
from typing import Final

from azure.core.pipeline.policies import RetryPolicy
from azure.storage.blob import _download

from shared.storage.answers import CheckedRetry

_HASTE: Final = 100.0


def shorten_waits() -> None:
    """Let the library wait a hundredth of its time in this process, before it asks again."""
    waits = CheckedRetry.get_backoff_time
    CheckedRetry.get_backoff_time = lambda self, settings: waits(self, settings) / _HASTE  # type: ignore[method-assign]
    backoff = RetryPolicy.get_backoff_time
    RetryPolicy.get_backoff_time = lambda self, settings: backoff(self, settings) / _HASTE  # type: ignore[method-assign]
    setattr(_download, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / _HASTE)))  # noqa: B010
