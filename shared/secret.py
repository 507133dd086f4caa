"""Values that must not reach any log, error message or representation."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A token or a connection string; only `reveal` discloses it.

    Attributes:
        reveal: The value itself.
    """

    reveal: str = field(repr=False)

    def __str__(self) -> str:
        return "(secret)"
