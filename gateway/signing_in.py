"""Names and passwords, tried one at a time and not too often."""

import hashlib
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import anyio
from starlette.requests import Request

from gateway.clock import Clock
from gateway.rate_limit import RateLimit
from gateway.sender import sender
from gateway.stores.accounts import User
from gateway.stores.journal import Deed
from gateway.stores.passwords import hash_password
from gateway.stores.stores import Stores

_TRIES_OF_A_NAME: Final = (10, timedelta(seconds=30))
_TRIES_OF_AN_ADDRESS: Final = (30, timedelta(seconds=10))
_TRIES_OVERALL: Final = (300, timedelta(milliseconds=200))
"""Wrong passwords at once, and the pause until one more is allowed. A right one counts for nothing.

One address can use up no more than a tenth of what all have. And all together try new names so slowly that a name which
must wait has its tries back long before it would be forgotten for them."""


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

    def __init__(self, stores: Stores, clock: Clock, *, behind_a_proxy: bool = False) -> None:
        self._behind_a_proxy = behind_a_proxy
        self._accounts = stores.accounts
        self._journal = stores.journal
        self._clock = clock
        self._of_a_name = RateLimit(*_TRIES_OF_A_NAME)
        self._of_an_address = RateLimit(*_TRIES_OF_AN_ADDRESS)
        self._overall = RateLimit(*_TRIES_OVERALL)
        # A hash costs 32 MB and most of a core for a moment: one at a time, so that signing in slows nothing else down.
        self._one_at_a_time = anyio.CapacityLimiter(1)

    async def user(self, request: Request, name: str, password: str, deed: Deed) -> User | None:
        """Give the user whose name and password these are, and write into the journal what became of it.

        Args:
            request: What brought them.
            name: The name that was given.
            password: The password that was given.
            deed: What the journal is to say of a success.

        Raises:
            TooManyTriesError: Neither was looked at.

        """
        return await self._limited(request, name, lambda: self._sign_in(name, password, deed))

    async def change_password(self, request: Request, user: User, present: str, new: str) -> bool:
        """Replace a user's password, which ends the user's sessions; tell whether the present one was right.

        Raises:
            TooManyTriesError: Nothing was looked at.

        """
        return await self._limited(request, user.name, lambda: self._change(user, present, new)) is not None

    async def _limited(self, request: Request, name: str, attempt: Callable[[], User | None]) -> User | None:
        now = self._clock()
        # That of all first: a try that it refuses must leave no name behind. Names may be long, and are hashed.
        limits = [
            (self._overall, ""),
            (self._of_an_address, sender(request, behind_a_proxy=self._behind_a_proxy)),
            (self._of_a_name, hashlib.sha256(name.encode()).hexdigest()),
        ]
        # Before the hash of the password, which is what an attacker would make us work at.
        for place, (limit, kind) in enumerate(limits):
            if (wait := limit.take(kind, now)) is not None:
                _give_back(limits[:place], now)
                raise TooManyTriesError(wait)
        user = await anyio.to_thread.run_sync(attempt, limiter=self._one_at_a_time)
        if user is not None:
            _give_back(limits, now)
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
        # Before the transaction, which holds up everybody else's.
        hashed = hash_password(new)
        with self._accounts.database.transaction():
            self._accounts.set_hash(user.name, hashed)
            self._journal.add(user.customer, self._clock(), user.name, Deed.CHANGED_PASSWORD)
        return user


def _give_back(limits: Sequence[tuple[RateLimit, str]], now: datetime) -> None:
    for limit, kind in limits:
        limit.give_back(kind, now)
