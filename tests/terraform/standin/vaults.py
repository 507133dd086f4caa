"""Key Vaults: what they hold, and when they know a role."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Vaults:
    """All vaults of one tenant.

    Attributes:
        secrets: The values that were written, by the secrets' ids.
        written: The values before, the oldest first.
        closed_for: How often a vault refuses before it knows the role of whoever asks. One that nobody has asked may be
            closed still, so it takes no secret.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)
    closed_for: int = 0
    _asked: dict[str, int] = field(default_factory=dict)

    def write(self, secret: str, value: str) -> None:
        """Give a secret a value, which is a new version unless it is the one that it has."""
        if self.secrets.get(secret) != value:
            self.written.setdefault(secret, []).append(value)
        self.secrets[secret] = value

    def ask(self, name: str) -> bool:
        """Whether a vault answers a request for its secrets."""
        self._asked[name] = self._asked.get(name, 0) + 1
        return self.is_open(name)

    def is_open(self, name: str) -> bool:
        """Whether a vault is known to let its caller in."""
        return self._asked.get(name, 0) > self.closed_for
