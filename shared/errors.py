"""What can go wrong, named after what to do about it.

Messages are sentences for an operator: what happened, where, and what to do. None ever carries a token, a key or a
connection string.
"""


class SluiceError(Exception):
    """The root of everything that Sluice raises on purpose; anything else is a bug."""


class SettingError(SluiceError):
    """Settings are missing or malformed: name and correct them, then start again.

    Attributes:
        problems: A sentence or two for each.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class RetryLater(SluiceError):
    """The other side is busy, slow or unreachable: try again later.

    Attributes:
        wait: Seconds that the other side asked for; None if it did not say.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class StorageAway(RetryLater):
    """A storage account is busy or unreachable, or refuses us; it is not a problem of the gateway."""


class ContainerMissing(StorageAway):
    """There is no such container: nothing to do if there never was one, otherwise as for an unreachable account."""


class TokenRefused(SluiceError):
    """The gateway itself refuses the subscription token: keep everything, alert, wait for a better token."""


class UnexpectedAnswer(SluiceError):
    """An answer that the gateway never gives: a wrong address, a fault, or a proxy. Keep everything and alert."""


class Contradicted(UnexpectedAnswer):
    """The gateway has a different body under this batch's key: only this log blob is stuck, and somebody must look at
    it.
    """


class TooLarge(SluiceError):
    """The gateway finds the batch too large: halve it."""


class Malformed(SluiceError):
    """The gateway finds the batch malformed: halve it, down to the line that it refuses."""


class HeldElsewhere(SluiceError):
    """Another worker holds the log blob, or took it over: leave it alone and write nothing."""


class Outdated(SluiceError):
    """What is known of something that is stored is not what is there now: read it again."""


class Vanished(SluiceError):
    """The log blob is gone: there is nothing left to read."""


class Overtaken(SluiceError):
    """The log blob was committed again while it was being read: look at it again."""


class Unsupported(SluiceError):
    """The log blob can't be read as it is: report it and count it as backlog."""


class Unreadable(SluiceError):
    """What is stored about log blobs can't be read by this version: overwrite nothing, skip nothing, and report it."""
