"""The checks of what storage says, each by the name of what it looks at, and how delivery is without it.

They are taken out in a worker process of the harness, by patching what production code calls: nothing in that knows of
it.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, StorageErrorCode

from shared.delivery import holding, log_source, reading, sweep
from shared.delivery.batch import CUT_VERSION
from shared.delivery.claim import Claim
from shared.delivery.holding import Holding
from shared.delivery.horizon import Horizon
from shared.delivery.reading import is_rewritten
from shared.flowlog import LogBlob, LogKind
from shared.storage import account, answers, logs, table_client, tables, watermarks
from shared.storage.checkpoint import Checkpoint
from shared.storage.logs import FlowLogAccount, Snapshot
from shared.storage.watermarks import Watermark, Watermarks


class Check(Enum):
    """A check; the value is what the table of controls calls it."""

    ABSENCE = "a 404 means gone only as BlobNotFound in storage's own form"
    LISTING = "a 404 is not believed against storage's own listing"
    CONTAINER = "a container that has been there holds the watermark while it is not"
    FIRST_SIGHT = "a container that was not there is looked through from the start once it is"
    ETAG = "a block list counts only with its ETag, however often it was asked for"
    REPEATED_CHECKPOINT = "a checkpoint whose answer was lost is found written"
    REPEATED_WATERMARK = "a watermark whose answer was lost is found written"
    RANGE = "a range is what was asked for"
    ENCODING = "bytes are taken as they are stored"
    QUESTION = "an answer belongs to what was asked"
    ROOT = "XML is what was asked for, and whole"
    UNREADABLE = "what the library stumbles over is storage's trouble"
    SECOND_LOOK = "a rewritten blob is looked at twice"
    PUT_WHOLE = "a blob put whole over a begun one is rewritten"
    CUT_RECORD = "a record that two blocks cut is put together"


def take_out(check: Check) -> None:
    """Let this process deliver without a check, from now on."""
    _WITHOUT[check]()


def _set(owner: Any, name: str, value: object) -> None:  # noqa: ANN401 -- a class or a module
    setattr(owner, name, value)


def _absence() -> None:
    def gone(error: HttpResponseError, *codes: StorageErrorCode) -> bool:
        return error.status_code == 404 if StorageErrorCode.BLOB_NOT_FOUND in codes else answers.says(error, *codes)  # noqa: PLR2004

    _set(logs, "says", gone)
    _form()


def _container() -> None:
    passing, move = sweep.Sweep._pass_without_container, Horizon.move  # noqa: SLF001 -- what is taken out

    def passed(self: Horizon, kind: LogKind, watermark: Watermark, etag: str) -> str:
        return move(self, kind, replace(watermark, existed=True), etag)

    def without(self: sweep.Sweep, watermark: Watermark, *more: Any) -> None:  # noqa: ANN401 -- as they come
        passing(self, replace(watermark, existed=False), *more)

    _set(Horizon, "move", passed)
    _set(sweep.Sweep, "_pass_without_container", without)


def _first_sight() -> None:
    _set(Horizon, "appeared", lambda _self, watermark: replace(watermark, existed=True))


def _etag() -> None:
    def snapshot(self: FlowLogAccount, log: LogBlob) -> Snapshot:
        seen: dict[str, Any] = {}
        client: BlobClient = self._client(log)
        with self._errors(log):
            client.get_block_list("committed", raw_response_hook=lambda raw: seen.update(raw.http_response.headers))
            if "etag" not in {name.lower() for name in seen}:
                found = client.get_blob_properties()
                return Snapshot(str(found.etag), int(found.size), found.last_modified, ())
        return whole(self, log)

    whole = FlowLogAccount.snapshot
    _set(FlowLogAccount, "snapshot", snapshot)


def _repeated_checkpoint() -> None:
    def finish(self: Claim, checkpoint: Checkpoint, *, last: bool = False) -> bool:
        if self.marked and not last:
            return False
        self.checkpoint = checkpoint
        free = replace(self._entry, checkpoint=checkpoint, holder="", until=0.0, marked=False)
        self._entry = self._ledger.write(self._log, free, self._entry)
        self._is_over = True
        return True

    _set(Claim, "finish", finish)


def _repeated_watermark() -> None:
    save, stored = Watermarks.save, tables.stored

    def without(self: Watermarks, *saved: Any) -> str:  # noqa: ANN401 -- as they come
        _set(watermarks, "stored", lambda *_: None)
        try:
            return save(self, *saved)
        finally:
            _set(watermarks, "stored", stored)

    _set(Watermarks, "save", without)


def _range() -> None:
    def read(self: FlowLogAccount, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes:
        unchanged: dict[str, Any] = {"etag": snapshot.etag, "match_condition": MatchConditions.IfNotModified}
        with self._errors(log):
            found = self._client(log).download_blob(offset=start, length=end - start, decompress=False, **unchanged)
            return bytes(found.readall())

    _set(FlowLogAccount, "read", read)
    _set(answers, "_check_range", lambda *_: None)


def _encoding() -> None:
    def download(self: BlobClient, *given: Any, **options: Any) -> Any:  # noqa: ANN401 -- as they come
        options.pop("decompress", None)
        return asked(self, *given, **options)

    asked = BlobClient.download_blob
    _set(BlobClient, "download_blob", download)


def _form() -> None:
    for module in (answers, table_client):
        _set(module, "check_form", lambda *_: None)


def _question() -> None:
    for module in (answers, table_client):
        _set(module, "check_question", lambda *_: None)


def _root() -> None:
    _set(answers, "_check_root", lambda *_: None)


def _unreadable() -> None:
    _set(account, "_UNREADABLE", ())


def _put_whole() -> None:
    def is_rewritten_by_blocks(checkpoint: Checkpoint, snapshot: Snapshot, *more: Any) -> bool:  # noqa: ANN401
        begun = snapshot.blocks or checkpoint.blocks
        return bool(begun) and is_rewritten(checkpoint, snapshot, *more)

    _set(holding, "is_rewritten", is_rewritten_by_blocks)


_WITHOUT: Final[dict[Check, Callable[[], None]]] = {
    Check.ABSENCE: _absence,
    Check.LISTING: partial(_set, log_source, "check_gone", lambda *_: None),
    Check.CONTAINER: _container,
    Check.FIRST_SIGHT: _first_sight,
    Check.ETAG: _etag,
    Check.REPEATED_CHECKPOINT: _repeated_checkpoint,
    Check.REPEATED_WATERMARK: _repeated_watermark,
    Check.RANGE: _range,
    Check.ENCODING: _encoding,
    Check.QUESTION: _question,
    Check.ROOT: _root,
    Check.UNREADABLE: _unreadable,
    Check.SECOND_LOOK: partial(_set, Holding, "_check_rewritten", lambda *_: None),
    Check.PUT_WHOLE: _put_whole,
    Check.CUT_RECORD: partial(_set, reading, "_JOINS_FROM", CUT_VERSION + 1),
}
