"""Errors of stores, named by the remedy; each message says why and what to do."""

import sqlite3
from typing import Final

from gateway.traffic.store import StoreUnavailableError

STORAGE_ERRORS: Final = (StoreUnavailableError, sqlite3.Error)
"""The errors of the files."""


class StoreError(Exception):
    """The request can't be carried out."""


class TakenError(StoreError):
    """There is already one with this name: choose another name."""


class GoneError(StoreError):
    """It does not exist, or no longer does: check what exists."""


class ChangedError(StoreError):
    """It was changed in the meantime: look at it again, and repeat the change."""


class AmbiguousError(StoreError):
    """There are several that it may mean: name one."""


class NeededError(StoreError):
    """It can't be spared: provide another one first."""


class FullError(StoreError):
    """There is no room for one more: remove some."""


class KeyLostError(StoreError):
    """The encryption key is missing or wrong: restore it."""


class UnfinishedError(StoreError):
    """An earlier operation is in progress or was interrupted: finish it first."""
