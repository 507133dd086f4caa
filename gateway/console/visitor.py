"""Who looks at a page."""

from dataclasses import dataclass, field

from gateway.stores.accounts import Role, User


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who has signed in.

    Attributes:
        user: Who it is.
        csrf: What every form on this answer must bring along; `gateway.console.csrf` tells what it looks like.

    """

    user: User
    csrf: str = field(repr=False)

    @property
    def administers(self) -> bool:
        """Whether the visitor may change things."""
        return self.user.role is Role.ADMINISTRATOR
