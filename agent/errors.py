"""What can go wrong, named by what to do about it. Messages are sentences for an operator, and carry no token."""

from __future__ import annotations


class AgentError(Exception):
    """The root of everything that the agent raises on purpose; anything else is a bug."""


class SettingError(AgentError):
    """A setting, or a file that a setting names, is wrong: correct it, start again."""


class TableUnreadable(AgentError):  # noqa: N818 -- named by the remedy
    """The connection table can't be read this way, or not at all."""


class EdgeError(AgentError):
    """The edge did not do what it was asked to do."""


class EdgeAway(EdgeError):  # noqa: N818 -- named by the remedy
    """The edge is away, slow or busy, or can't be trusted: keep everything, try again later.

    Attributes:
        wait: Seconds that the edge asked for; None if it did not say.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class TokenRefused(EdgeError):  # noqa: N818 -- named by the remedy
    """The edge refuses the token, or accepts nothing until an administrator acts in the console: keep everything."""


class WrongAddress(EdgeError):  # noqa: N818 -- named by the remedy
    """An answer that no edge gives: a wrong address, a fault, or something in front. Keep everything, and wait."""


class BatchRefused(EdgeError):  # noqa: N818 -- named by the remedy
    """The edge will never accept this interval: set it aside with the reason, and continue with the next."""
