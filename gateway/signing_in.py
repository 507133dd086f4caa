"""Names and passwords, tried one at a time and not too often."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import anyio

from gateway.clock import Clock
from gateway.rate_limit import RateLimit
from gateway.stores.accounts import User
from gateway.stores.journal import Deed
from gateway.stores.stores import Stores

_TRIES_OF_A_NAME: Final = (10, timedelta(seconds=30))
_TRIES_OVERALL: Final = (60, timedelta(seconds=1))
"""Wrong passwords at once, and the pause until one more is allowed. A right one counts for nothing."""


class TooManyTriesError(Exception):
    """Wrong passwords came too often; the message says how long to wait.

    Attributes:
        seconds: How long, for the header Retry-After.

    """

    def __init__(self, wait: timedelta) -> None:
        self.seconds = math.ceil(wait.total_seconds())
        super().__init__(f"Too many sign-ins failed. Wait {self.seconds} s, and try again.")


class SigningIn:
    """Tells whose name and password these are."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._accounts = stores.accounts
        self._journal = stores.journal
        self._clock = clock
        self._of_a_name = RateLimit(*_TRIES_OF_A_NAME)
        self._overall = RateLimit(*_TRIES_OVERALL)
        # A hash costs 32 MB and most of a core for a moment: one at a time, so that signing in slows nothing else down.
        self._one_at_a_time = anyio.CapacityLimiter(1)

    async def user(self, name: str, password: str, deed: Deed) -> User | None:
        """Give the user whose name and password these are, and write into the journal what became of it.

        Args:
            name: The name that was given.
            password: The password that was given.
            deed: What the journal is to say of a success.

        Raises:
            TooManyTriesError: Neither was looked at.

        """
        return await self._limited(name, lambda: self._sign_in(name, password, deed))

    async def change_password(self, user: User, present: str, new: str) -> bool:
        """Replace a user's password, which ends the user's sessions; tell whether the present one was right.

        Raises:
            TooManyTriesError: Nothing was looked at.

        """
        return await self._limited(user.name, lambda: self._change(user, present, new)) is not None

    async def _limited(self, name: str, attempt: Callable[[], User | None]) -> User | None:
        now = self._clock()
        # Before the hash, which is what an attacker would make us work at.
        wait = self._of_a_name.take(name, now)
        if wait is None and (wait := self._overall.take(None, now)) is not None:
            self._of_a_name.give_back(name)
        if wait is not None:
            raise TooManyTriesError(wait)
        user = await anyio.to_thread.run_sync(attempt, limiter=self._one_at_a_time)
        if user is not None:
            self._of_a_name.give_back(name)
            self._overall.give_back(None)
        return user

    def _sign_in(self, name: str, password: str, deed: Deed) -> User | None:
        user = self._accounts.sign_in(name, password)
        if user is not None:
            self._journal.add(user.customer, self._clock(), user.name, deed)
        elif (customer := self._accounts.customer_of(name)) is not None:
            self._journal.add(customer, self._clock(), name, Deed.SIGN_IN_REFUSED)
        else:
            # Whose journal? But how long an answer takes must not tell which names there are.
            self._journal.add_none()
        return user

    def _change(self, user: User, present: str, new: str) -> User | None:
        if self._accounts.sign_in(user.name, present) is None:
            return None
        with self._accounts.database.transaction():
            self._accounts.set_password(user.name, new)
            self._journal.add(user.customer, self._clock(), user.name, Deed.CHANGED_PASSWORD)
        return user
