"""What a sweep reports besides logs, for alerts: when the token expires, and dead letters."""

from dataclasses import dataclass

from shared.delivery.report import Outcome, log_line


@dataclass(frozen=True, slots=True)
class Health:
    """What one sweep found; None for what could not be checked.

    Attributes:
        token_days_left: Days until the subscription token expires.
        dead_letters: Events that Event Grid gave up on in the last hour.
    """

    token_days_left: float | None
    dead_letters: int | None

    def log(self) -> None:
        """Log the line of a sweep."""
        known = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        log_line(Outcome.SWEPT, known)
