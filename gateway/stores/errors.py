"""What a store can't do, by the remedy; each message says why and what to do."""

import sqlite3
from typing import Final

from gateway.traffic.store import StoreUnavailableError

STORAGE_ERRORS: Final = (StoreUnavailableError, sqlite3.Error)
"""What the stores raise when a file fails them."""


class StoreError(Exception):
    """What was asked can't be done."""


class TakenError(StoreError):
    """There is one of this name already: choose another name."""


class GoneError(StoreError):
    """It is not there, or not any more: look at what there is."""


class ChangedError(StoreError):
    """It was changed meanwhile: look at it again, and make the change there."""


class FullError(StoreError):
    """There is no room for one more: remove some."""


class KeyLostError(StoreError):
    """The key of what is encrypted is missing, or another one: put it back."""


class UnfinishedError(StoreError):
    """Something that was begun has not ended, or was cut off: end it first."""
