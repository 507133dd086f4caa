"""What the page of a deployment shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.console.setup.arrivals import Arrivals, Progress, arrivals_of, progress_of
from gateway.console.setup.delivering import Deliverer, deliverers, others, registration_of
from gateway.stores.deployments import Deployment
from gateway.stores.registrations import Registration
from gateway.stores.stores import Stores


@dataclass(frozen=True, slots=True)
class Details:
    """A deployment, and what is known of it.

    Attributes:
        deployment: Its configuration.
        arrivals: What has arrived from each of its storage accounts.
        progress: How far its set-up has come.
        registration: Its registration; None if it is not registered.
        ended: The last registration under its name, if that is gone and there is no other.
        others: What else delivers from its storage accounts, by account.
    """

    deployment: Deployment
    arrivals: Sequence[Arrivals]
    progress: Progress
    registration: Registration | None
    ended: Registration | None
    others: Mapping[str, Sequence[Deliverer]]


def details_of(stores: Stores, customer: int, deployment: Deployment, now: datetime) -> Details:
    """Return what is known of a customer's deployment. Blocks."""
    arrivals = arrivals_of(deployment, stores.records.account_freshness(customer), now)
    registrations = stores.registrations.all(customer)
    in_force = [each for each in registrations if each.gone_at is None]
    registration = registration_of(deployment, in_force)
    name = deployment.name if registration is None else registration.deployment
    delivering = deliverers(in_force, stores.deployments.all(customer))
    return Details(
        deployment,
        arrivals,
        progress_of(deployment, arrivals, now),
        registration,
        None if registration else _ended(deployment, registrations),
        {
            account.name: others(delivering, account.name, name, deployment.subscription_id)
            for account in deployment.accounts
        },
    )


def _ended(deployment: Deployment, registrations: Sequence[Registration]) -> Registration | None:
    place = deployment.subscription_id, deployment.name
    return next((each for each in registrations if (each.subscription_id, each.deployment) == place), None)
