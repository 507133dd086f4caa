"""Sign-in attempts, one at a time and with limits.

Wrong passwords are counted for each name: from one address, and in total. A browser that a user has signed in with is
counted separately, so that nobody's guesses lock the user out of it. Nothing is counted for an address alone, which an
entire office may share.
"""

import hashlib
import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import anyio
from starlette.requests import Request

from gateway.actions.people import change_password, sign_in
from gateway.clock import Clock
from gateway.leaving import LeftError, while_awaited
from gateway.rate_limit import RateLimit
from gateway.sender import sender
from gateway.stores.accounts import User
from gateway.stores.audit_log import Action
from gateway.stores.stores import Stores
from gateway.turns import Turns

_TRIES_AT_A_PLACE: Final = (10, timedelta(seconds=30))
_TRIES_OF_A_NAME: Final = (30, timedelta(seconds=30))
"""The number of wrong passwords in a row, and the pause until one more is allowed. Right ones do not count.

A place is a browser that its user has signed in with before, or otherwise a name and an address together. One address
alone can use up a third of a name's attempts."""
_KINDS: Final = 50_000
"""Checks take at least 40 ms and run one at a time, so a name has its attempts back long before it would be forgotten.
"""


class TooManyTriesError(Exception):
    """There were too many wrong passwords; the message says how long to wait.

    Attributes:
        seconds: The time to wait, for the header Retry-After.
    """

    def __init__(self, wait: timedelta) -> None:
        self.seconds = math.ceil(wait.total_seconds())
        super().__init__(f"Too many sign-ins failed. Wait {self.seconds} s, and try again.")


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who tries a password.

    Attributes:
        address: Where the request comes from.
        name: The hash of the name, since names may be long.
        device: The id of the browser, if the user of this name has signed in with it; otherwise None.
    """

    address: str
    name: str
    device: str | None


class SigningIn:
    """Checks names and passwords."""

    def __init__(self, stores: Stores, clock: Clock, *, behind_a_proxy: bool = False) -> None:
        self._behind_a_proxy = behind_a_proxy
        self._stores = stores
        self._clock = clock
        self._at_a_place = RateLimit(*_TRIES_AT_A_PLACE, _KINDS)
        self._of_a_name = RateLimit(*_TRIES_OF_A_NAME, _KINDS)
        # A hash needs 32 MB and most of a core for a moment: one at a time, so that signing in slows down nothing else.
        self._turns = Turns()

    async def user(
        self, request: Request, name: str, password: str, action: Action, device: str | None = None
    ) -> User | None:
        """Return the user with this name and password, and record the outcome in the audit log.

        Args:
            request: The request that contained them.
            name: The name as entered.
            password: The password as entered.
            action: The action to record in the audit log on success.
            device: The id of the browser, if the user of this name has signed in with it.

        Raises:
            TooManyTriesError: They were not checked.
        """
        asker = _Asker(self.address(request), _hashed(name), device)
        return await self._limited(
            request, asker, partial(sign_in, self._stores, self._clock(), name, password, asker.address, action)
        )

    async def change_password(self, request: Request, user: User, present: str, new: str) -> bool:
        """Change a user's password, which ends the user's sessions; return whether the current one was right.

        Raises:
            TooManyTriesError: The password was not checked.
        """
        # The user is signed in, so attempts of others with the name do not matter.
        asker = _Asker(self.address(request), _hashed(user.name), "signed in")
        return (
            await self._limited(
                request, asker, partial(change_password, self._stores, self._clock(), user, present, new, asker.address)
            )
            is not None
        )

    def address(self, request: Request) -> str:
        """Return the address that a request comes from; for IPv6, its /64 network."""
        return sender(request, behind_a_proxy=self._behind_a_proxy)

    async def _limited(self, request: Request, asker: "_Asker", attempt: Callable[[], User | None]) -> User | None:
        try:
            return await while_awaited(request, partial(self._in_turn, asker, attempt))
        except LeftError:
            raise TooManyTriesError(timedelta(seconds=1)) from None  # which nobody reads

    async def _in_turn(self, asker: "_Asker", attempt: Callable[[], User | None]) -> User | None:
        """Wait for the turn of the sender's address. A sender who floods the gateway only delays itself, as addresses
        take turns.
        """
        async with self._turns.turn(asker.device is not None, asker.address, asker.name):
            now = self._clock()
            limits = self._limits(asker)
            # Before the password is hashed, which is the work that an attacker would cause.
            for place, (limit, kind) in enumerate(limits):
                if (wait := limit.take(kind, now)) is not None:
                    _give_back(limits[:place], now)
                    raise TooManyTriesError(wait)
            began = anyio.current_time()
            user = await anyio.to_thread.run_sync(attempt)
            if user is not None:
                _give_back(limits, now)
            else:
                # At most half of a core is for wrong passwords.
                await anyio.sleep(anyio.current_time() - began)
        return user

    def _limits(self, asker: "_Asker") -> list[tuple[RateLimit, Hashable]]:
        if asker.device is not None:
            return [(self._at_a_place, (asker.name, asker.device))]
        return [(self._at_a_place, (asker.name, asker.address)), (self._of_a_name, asker.name)]


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _give_back(limits: Sequence[tuple[RateLimit, Hashable]], now: datetime) -> None:
    for limit, kind in limits:
        limit.give_back(kind, now)
