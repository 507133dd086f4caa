"""Customers and their users. Passwords are stored as scrypt hashes."""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.stores.database import Database
from gateway.stores.errors import GoneError, NeededError, TakenError, UnfinishedError
from gateway.stores.passwords import hash_password, is_password

LONGEST_NAME: Final = 100
"""The most characters of a new user's name."""


class Role(StrEnum):
    """A user's role; each includes the permissions of those before it."""

    READER = "reader"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"

    def includes(self, other: "Role") -> bool:
        """Return whether this role includes the permissions of another one."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in.

    Attributes:
        id: The user's number.
        customer: The number of the customer that the user belongs to.
        name: The name to sign in with.
        role: What the user may do.
        needs_new_password: Whether the password is a one-time password, which the user must replace.
    """

    id: int
    customer: int
    name: str
    role: Role
    needs_new_password: bool


class Accounts:
    """The store of accounts. Every method may be called from any thread, and blocks: call none on an event loop.

    Attributes:
        database: The database with the accounts and everything else that belongs to customers.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def signing_key(self) -> bytes:
        """Return the 256-bit key that signs auth tokens, generated once for each store."""
        rows = self.database.run("SELECT key FROM signing_key")
        return bytes(rows[0][0])

    def fingerprint(self) -> str:
        """Return a text that identifies this store, and reveals nothing about its key."""
        return hashlib.sha256(b"fingerprint" + self.signing_key()).hexdigest()[:8]

    def add_customer(self, name: str) -> int:
        """Return the number of the customer with this name, which is added if it does not exist.

        Raises:
            UnfinishedError: The customer is being removed.
        """
        self.database.run("INSERT INTO customers (name) VALUES (?) ON CONFLICT DO NOTHING", name)
        rows = self.database.run(
            "SELECT id, began_at FROM customers LEFT JOIN removals ON removals.customer = id WHERE name = ?", name
        )
        number, removal_began_at = rows[0]
        if removal_began_at is not None:
            raise UnfinishedError(
                f"The customer {name!r} is being removed. Run `customer remove` for it again to finish that; "
                "then the name is free."
            )
        return int(number)

    def has_users(self) -> bool:
        """Return whether anyone can sign in."""
        return bool(self.database.run("SELECT 1 FROM users LIMIT 1"))

    def add_user(
        self, name: str, customer: int, password: str, role: Role = Role.ADMINISTRATOR, *, one_time: bool = False
    ) -> User:
        """Add a person to a customer.

        Args:
            name: The name to sign in with.
            customer: The customer's number.
            password: The password.
            role: What the person may do.
            one_time: Whether the user must replace the password before anything else.

        Raises:
            TakenError: The name is taken.
        """
        return self.add_hash(name, customer, hash_password(password), role, one_time=one_time)

    def add_hash(self, name: str, customer: int, hashed: str, role: Role, *, one_time: bool = False) -> User:
        """Add a person to a customer, given the password's hash, which takes too long to compute in a transaction;
        otherwise the same.

        Raises:
            TakenError: The name is taken.
        """
        added = self.database.run(
            """INSERT INTO users (customer, name, role, password, one_time_password) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (name) DO NOTHING RETURNING id""",
            customer,
            name,
            role,
            hashed,
            one_time,
        )
        if not added:
            raise TakenError(f"The user name {name!r} is taken. Choose another one.")
        return User(added[0][0], customer, name, role, one_time)

    def set_password(self, name: str, password: str, *, one_time: bool = False) -> User:
        """Replace a user's password, and end the user's sessions; return the user.

        Raises:
            GoneError: There is no such user.
        """
        return self.set_hash(name, hash_password(password), one_time=one_time)

    def set_hash(self, name: str, hashed: str, *, one_time: bool = False) -> User:
        """Replace a user's password, given its hash, which takes too long to compute in a transaction; otherwise the
        same.

        Raises:
            GoneError: There is no such user.
        """
        with self.database.transaction():
            changed = self.database.run(
                """UPDATE users SET password = ?, one_time_password = ? WHERE name = ?
                   RETURNING id, customer, name, role, one_time_password""",
                hashed,
                one_time,
                name,
            )
            if not changed:
                raise no_user(name)
            user = user_of(*changed[0])
            self.database.run("DELETE FROM sessions WHERE user = ?", user.id)
        return user

    def set_role(self, name: str, role: Role) -> User:
        """Change what a user may do, in the user's sessions too; return the user.

        Raises:
            GoneError: There is no such user.
            NeededError: The customer would have no administrator left.
        """
        with self.database.transaction():
            user = self.named(name)
            if not role.includes(Role.ADMINISTRATOR):
                self._require_another_administrator(user)
            self.database.run("UPDATE users SET role = ? WHERE id = ?", role, user.id)
        return replace(user, role=role)

    def remove_user(self, name: str) -> User:
        """Remove a user, which ends the user's sessions and auth tokens; return the user.

        Raises:
            GoneError: There is no such user.
            NeededError: The customer would have no administrator left.
        """
        with self.database.transaction():
            user = self.named(name)
            self._require_another_administrator(user)
            self.database.run("DELETE FROM sessions WHERE user = ?", user.id)
            self.database.run("DELETE FROM users WHERE id = ?", user.id)
        return user

    def _require_another_administrator(self, user: User) -> None:
        """Refuse to do without a user who is the last administrator; in the transaction of the change, so that two
        administrators can't remove each other at once.
        """
        others = "SELECT 1 FROM users WHERE customer = ? AND role = ? AND id <> ? LIMIT 1"
        if user.role is Role.ADMINISTRATOR and not self.database.run(others, user.customer, user.role, user.id):
            raise NeededError(
                f"{user.name} is the last administrator, and nobody else could manage users and tokens. Make somebody "
                "else an administrator first."
            )

    def sign_in(self, name: str, password: str) -> User | None:
        """Return the user with this name and password, in a time that does not reveal which of them is wrong."""
        rows = self.database.run(f"SELECT {USER_COLUMNS}, password FROM users WHERE name = ?", name)  # noqa: S608
        if not rows:
            hash_password(password)
            return None
        *user, stored = rows[0]
        return user_of(*user) if is_password(password, stored) else None

    def user(self, number: int) -> User | None:
        """Return the user with a number, if there still is one."""
        rows = self.database.run(f"SELECT {USER_COLUMNS} FROM users WHERE id = ?", number)  # noqa: S608
        return user_of(*rows[0]) if rows else None

    def named(self, name: str) -> User:
        """Return the user with a name.

        Raises:
            GoneError: There is no such user.
        """
        rows = self.database.run(f"SELECT {USER_COLUMNS} FROM users WHERE name = ?", name)  # noqa: S608
        if not rows:
            raise no_user(name)
        return user_of(*rows[0])

    def all(self, customer: int) -> list[User]:
        """Return a customer's users by name."""
        rows = self.database.run(
            f"SELECT {USER_COLUMNS} FROM users WHERE customer = ? ORDER BY lower(name), name",  # noqa: S608
            customer,
        )
        return [user_of(*row) for row in rows]

    def password_mark(self, number: int) -> str:
        """Return a text that changes with a user's password, and reveals nothing about it."""
        rows = self.database.run("SELECT password FROM users WHERE id = ?", number)
        return hashlib.sha256(rows[0][0].encode()).hexdigest()[:16] if rows else ""

    def customer_of(self, name: str) -> int | None:
        """Return the number of the customer that a user belongs to."""
        rows = self.database.run("SELECT customer FROM users WHERE name = ?", name)
        return rows[0][0] if rows else None


def no_user(name: str) -> GoneError:
    """Return the error for a user who does not exist, or belongs to another customer, which must look the same."""
    return GoneError(f"There is no user {name!r}. Look at the list of users.")


USER_COLUMNS: Final = "users.id, users.customer, users.name, users.role, users.one_time_password"
"""The columns that `user_of` takes."""


def user_of(number: int, customer: int, name: str, role: str, one_time_password: int) -> User:
    """Return the user in a row."""
    return User(number, customer, name, Role(role), bool(one_time_password))
