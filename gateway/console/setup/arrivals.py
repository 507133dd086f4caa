"""What has arrived from a deployment's storage accounts, and how far its set-up has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms
from gateway.console.figures import since
from gateway.console.home.sources import Grade, grade
from gateway.stores.deployments import Deployment, StorageAccount
from gateway.traffic.freshness import AccountFreshness, Refusal
from gateway.traffic.posts import KEY_LIFE

_SURE: Final = KEY_LIFE - timedelta(days=1)
"""Up to this age, the first of the posts that are known is the first that there was."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has arrived from a storage account.

    Attributes:
        account: The account.
        log: The log blob of the newest record, with its container; None if nothing has arrived yet.
        first_arrival: When the first record arrived, as far as is known.
        last_record: The newest record's time.
        lag: How long ago that is.
        delay: How much later than its own time it was accepted.
        rejected: How many lines were not flow records.
        refused_since: Since when posts have been refused; None if the last one was not.
        refusal: Why.
    """

    account: StorageAccount
    log: str | None = None
    first_arrival: datetime | None = None
    last_record: datetime | None = None
    lag: timedelta | None = None
    delay: timedelta | None = None
    rejected: int = 0
    refused_since: datetime | None = None
    refusal: str = ""

    @property
    def grade(self) -> Grade | None:
        """How bad the lag is; None if nothing has arrived yet."""
        return None if self.lag is None else grade(self.lag)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the set-up of a deployment has come, once it is configured.

    Attributes:
        downloaded_at: When its scripts were last downloaded; None if they never were.
        outdated: Whether it was changed after that.
        first_arrival: When its first record arrived; None if none has.
        first_is_certain: Whether that was the first, and not just the first that is still known.
        last: The account with the newest record; None if there is none.
        refused: The accounts whose posts are refused, the longest first.
    """

    downloaded_at: datetime | None
    outdated: bool
    first_arrival: datetime | None
    first_is_certain: bool
    last: Arrivals | None
    refused: Sequence[Arrivals]


def arrivals_of(deployment: Deployment, found: Mapping[str, AccountFreshness], now: datetime) -> list[Arrivals]:
    """Return what has arrived from each of a deployment's storage accounts."""
    return [_arrivals(each, found.get(each.name), now) for each in deployment.accounts]


def progress_of(deployment: Deployment, arrivals: Sequence[Arrivals], now: datetime) -> Progress:
    """Return how far the set-up of a deployment has come."""
    downloaded = deployment.downloaded_at
    firsts = [each.first_arrival for each in arrivals if each.first_arrival is not None]
    first = min(firsts, default=None)
    lasts = [(each.last_record, each) for each in arrivals if each.last_record is not None]
    refused = [(each.refused_since, each) for each in arrivals if each.refused_since is not None]
    return Progress(
        downloaded,
        downloaded is not None and downloaded < deployment.saved_at,
        first,
        first is not None and now - first < _SURE,
        max(lasts, key=_time)[1] if lasts else None,
        [each for _, each in sorted(refused, key=_time)],
    )


def _time(timed: tuple[datetime, Arrivals]) -> datetime:
    return timed[0]


def _arrivals(account: StorageAccount, found: AccountFreshness | None, now: datetime) -> Arrivals:
    if found is None:
        return Arrivals(account)
    refusal = _standing(found)
    return Arrivals(
        account,
        found.log,
        None if found.first is None else from_ms(found.first),
        None if found.last is None else from_ms(found.last),
        None if found.last is None else since(found.last, now),
        None if found.delay is None else timedelta(milliseconds=max(found.delay, 0)),
        found.rejected,
        None if refusal is None else from_ms(refusal.since),
        "" if refusal is None else refusal.message,
    )


def _standing(found: AccountFreshness) -> Refusal | None:
    refusal = found.refusal
    return refusal if refusal is not None and refusal.stands(found.accepted) else None
