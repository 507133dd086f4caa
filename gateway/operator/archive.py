"""A backup in its directory: copies of the files, and a manifest that describes them."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Self

import msgspec

from gateway.operator.work import RefusedError, Say
from gateway.stores.copying import sync_directory
from gateway.stores.files import SECRETS_KEY
from gateway.stores.schemas import SCHEMAS

MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_YEARS: Final = (2026, 2100)
_CHUNK: Final = 16 * 1024 * 1024
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says about a file.

    Attributes:
        size: In bytes.
        sha256: The hash of its content, in hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is.

    Attributes:
        moment: The time whose state both files have.
        schemas: The versions of their schemas, by file name.
        files: All files, by name.
        format: The version of the manifest itself.
    """

    moment: Annotated[datetime, msgspec.Meta(tz=True)]
    schemas: Mapping[str, int]
    files: Mapping[str, Entry]
    format: int = _FORMAT

    @classmethod
    def of(cls, directory: Path, moment: datetime, say: Say) -> Self:
        """Describe the files in a directory, which must have the current versions."""
        files = {path.name: _entry(path, say) for path in sorted(directory.iterdir())}
        return cls(moment, {name: schema.version for name, schema in SCHEMAS.items()}, files)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read the manifest of a backup, and make sure that this gateway can restore it.

        Raises:
            RefusedError: It can't, or this is not a backup.
        """
        try:
            written = (directory / MANIFEST).read_bytes()
        except OSError as error:
            raise RefusedError(
                f"{directory} is not a backup: its {MANIFEST} can't be read ({error.strerror})."
            ) from None
        try:
            form = msgspec.json.decode(written, type=_Form).format
            if form != _FORMAT:
                raise RefusedError(
                    f"The backup in {directory} has format {form}, but this version of the gateway knows only "
                    f"{_FORMAT}. Restore it with the version that made it."
                )
            manifest = msgspec.json.decode(written, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefusedError(
                f"{directory / MANIFEST} is damaged: {error}. Take another backup, or another copy of this one."
            ) from None
        if not _YEARS[0] <= manifest.moment.year < _YEARS[1]:
            raise RefusedError(f"{directory / MANIFEST} is damaged: a backup can't be from {manifest.moment.year}.")
        _require_known(manifest, directory)
        _require_files(manifest, directory)
        return manifest

    def write(self, directory: Path) -> None:
        """Write the manifest beside the files that it describes, durably."""
        with new_file(directory / MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_directory(directory)

    def copy(self, name: str, directory: Path, target: Path, say: Say) -> None:
        """Copy a file out of a backup, durably.

        Args:
            name: The file's name.
            directory: Where the backup is.
            target: The path of the copy, which must not exist yet.
            say: Receives lines of progress.

        Raises:
            RefusedError: It is not the file that was backed up.
            OSError: It can't be read, or the copy can't be written.
        """
        path = directory / name
        with path.open("rb") as read, new_file(target) as written:
            sha256 = _read_all(read, written.write, lambda told: say(f"copying {name}: {told}"))
            written.flush()
            os.fsync(written.fileno())
        if sha256 != self.files[name].sha256:
            raise _damaged(path, "its SHA-256 differs from that of the file that was backed up")


class _Form(msgspec.Struct):
    """What manifests of all formats contain."""

    format: int


def new_file(path: Path) -> BinaryIO:
    """Create a file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _require_known(manifest: Manifest, directory: Path) -> None:
    # Names become paths, so unknown ones are refused.
    known = SCHEMAS.keys() <= manifest.files.keys() <= {*SCHEMAS, SECRETS_KEY}
    if not known or manifest.schemas.keys() != SCHEMAS.keys():
        raise RefusedError(f"{directory / MANIFEST} does not name the files of a backup. Take another backup.")
    for name, schema in SCHEMAS.items():
        if manifest.schemas[name] > schema.version:
            raise RefusedError(
                f"The backup in {directory} was made by a newer version of the gateway (schema "
                f"{manifest.schemas[name]} of {name}; this one knows up to {schema.version}). Restore it with that "
                "version."
            )


def _require_files(manifest: Manifest, directory: Path) -> None:
    for name, entry in manifest.files.items():
        path = directory / name
        if path.is_symlink() or not path.is_file():
            raise RefusedError(
                f"{path} is missing, or is not a file. Take another backup, or another copy of this one."
            )
        if (size := path.stat().st_size) != entry.size:
            raise _damaged(path, f"it has {size:,} bytes instead of {entry.size:,}")


def _entry(path: Path, say: Say) -> Entry:
    """Describe a file, once it is safe from a power failure."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        sha256 = _read_all(file, len, lambda told: say(f"checking {path.name}: {told}"))
        return Entry(file.tell(), sha256)


def _read_all(file: BinaryIO, take: Callable[[bytes], object], say: Say) -> str:
    """Read a file in parts, pass each to `take`, and return the SHA-256 of the file."""
    digest, size = hashlib.sha256(), os.fstat(file.fileno()).st_size
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        take(chunk)
        say(f"{file.tell() / _MB:,.0f} of {size / _MB:,.0f} MB")
    return digest.hexdigest()


def _damaged(path: Path, how: str) -> RefusedError:
    return RefusedError(f"{path} is damaged: {how}. Take another backup, or another copy of this one.")
