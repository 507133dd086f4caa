"""Who looks at a page."""

from dataclasses import dataclass, field

from gateway.stores.accounts import Role, User
from gateway.stores.audit_log import Actor


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who has signed in.

    Attributes:
        user: Who it is.
        csrf: What every form on this answer must bring along; `gateway.console.csrf` tells what it looks like.
        address: Where the visitor's requests come from; of IPv6 the network of 64 bits.

    """

    user: User
    csrf: str = field(repr=False)
    address: str = ""

    @property
    def actor(self) -> Actor:
        """Who acts, as the audit log has it."""
        return Actor.user(self.user, self.address)

    @property
    def administers(self) -> bool:
        """Whether the visitor may change things."""
        return self.user.role is Role.ADMINISTRATOR
