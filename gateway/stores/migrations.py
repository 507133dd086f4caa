"""Versions of a file's schema, and the migration steps between them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

type Execute = Callable[[str], object]
"""Runs one statement."""


class OtherVersionError(Exception):
    """A file has a schema version that this version of the gateway does not support; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """A migration from one version to the next, in one transaction.

    Attributes:
        purpose: What the step is for, as it is shown while it runs.
        statements: The statements that it runs.
    """

    purpose: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """All versions of a file.

    Attributes:
        first: The oldest version that can be upgraded.
        make: The statements that create a file of that version; new files start with it too.
        steps: From `first` on, each to the next version.
        begin: The statement that begins a transaction.
        mark: The statement that records a version, which replaces `{}` in it.
    """

    first: int
    make: tuple[str, ...]
    steps: Sequence[Step]
    begin: str
    mark: str

    @property
    def version(self) -> int:
        """The version that the gateway uses."""
        return self.first + len(self.steps)

    def pending(self, version: int) -> Sequence[Step]:
        """Return the steps that a file with a version still needs."""
        return self.steps[version - self.first :]

    def create(self, execute: Execute) -> None:
        """Create everything in a new file, in an open transaction."""
        for statement in (*self.make, *(each for step in self.steps for each in step.statements)):
            execute(statement)
        execute(self.mark.format(self.version))

    def migrate(self, execute: Execute, version: int, say: Callable[[str], None]) -> None:
        """Upgrade a file, each step in its own transaction, which an exception undoes."""
        for number, step in enumerate(self.pending(version), version + 1):
            say(f"version {number}: {step.purpose}")
            execute(self.begin)
            try:
                for statement in (*step.statements, self.mark.format(number)):
                    execute(statement)
                execute("COMMIT")
            except BaseException:
                # After some errors the engine has already rolled back, and reports that with another error.
                with suppress(Exception):
                    execute("ROLLBACK")
                raise

    def require_known(self, path: Path, version: int) -> None:
        """Make sure that a file with a version can be used or upgraded.

        Raises:
            OtherVersionError: It can't.
        """
        if version > self.version:
            raise OtherVersionError(
                f"{path} was written by a newer version of the gateway (schema {version}; this one knows up to "
                f"{self.version}). Start that version, or restore the directory as it was before the upgrade."
            )
        if version < self.first:
            raise OtherVersionError(
                f"{path} was written before version 0.1 (schema {version}), and can't be upgraded. Name another "
                f"directory."
            )

    def require_current(self, path: Path, version: int) -> None:
        """Make sure that a file with a version can be used as it is.

        Raises:
            OtherVersionError: It can't.
        """
        self.require_known(path, version)
        if version < self.version:
            raise OtherVersionError(
                f"{path} was written by an earlier version of the gateway. Copy {path.parent} if you may want to go "
                f"back, then start the gateway on it: `serve` upgrades it."
            )
