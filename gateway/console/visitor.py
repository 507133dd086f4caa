"""The visitor of a page."""

from dataclasses import dataclass, field

from gateway.stores.accounts import Role, User
from gateway.stores.audit_log import Actor


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who has signed in.

    Attributes:
        user: Who it is.
        csrf: The CSRF token of this answer's forms; see `gateway.console.csrf`.
        address: Where the visitor's requests come from; for IPv6, the /64 network.
    """

    user: User
    csrf: str = field(repr=False)
    address: str = ""

    @property
    def actor(self) -> Actor:
        """The actor for the audit log."""
        return Actor.user(self.user, self.address)

    @property
    def administers(self) -> bool:
        """Whether the visitor may change things."""
        return self.user.role is Role.ADMINISTRATOR
