"""Which registration is a deployment's, and which storage accounts more than one deployment delivers from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.stores.deployments import Deployment
from gateway.stores.registrations import Registration

_UNNAMED: Final = re.compile("sluice-[0-9a-f]{8}")
"""What the Terraform module calls a deployment that it is given no name for, as in version 0.1."""


@dataclass(frozen=True, slots=True, order=True)
class Deliverer:
    """What delivers the flow logs of a storage account, or will once it is applied.

    Attributes:
        deployment: Its name.
        subscription_id: The subscription that it is in.
    """

    deployment: str
    subscription_id: str


type Deliverers = Mapping[str, frozenset[Deliverer]]
"""By storage account, each that delivers from it."""


def registration_of(deployment: Deployment, registrations: Sequence[Registration]) -> Registration | None:
    """Return a configured deployment's registration, of all that are in force, if there is one.

    That is the one under its name. A module that was not told the name registers under one of its own: then it is the
    one in the same subscription that delivers from one of its storage accounts.
    """
    there = [each for each in registrations if each.subscription_id == deployment.subscription_id]
    named = [each for each in there if each.deployment == deployment.name]
    accounts = {each.name for each in deployment.accounts}
    unnamed = [each for each in there if _UNNAMED.fullmatch(each.deployment) and each.storage_accounts & accounts]
    return next(iter((*named, *unnamed)), None)


def deliverers(registrations: Sequence[Registration], configured: Sequence[Deployment]) -> Deliverers:
    """Return what delivers from each storage account, by registration in force and by configuration."""
    found: dict[str, set[Deliverer]] = {}
    for registration in registrations:
        for name in registration.storage_accounts:
            found.setdefault(name, set()).add(Deliverer(registration.deployment, registration.subscription_id))
    for deployment in configured:
        registered = registration_of(deployment, registrations)
        deliverer = Deliverer(
            deployment.name if registered is None else registered.deployment, deployment.subscription_id
        )
        for account in deployment.accounts:
            found.setdefault(account.name, set()).add(deliverer)
    return {name: frozenset(each) for name, each in found.items()}


def others(of: Deliverers, account: str, deployment: str, subscription_id: str) -> list[Deliverer]:
    """Return what else delivers from a storage account of a deployment, by name."""
    return sorted(of.get(account, frozenset()) - {Deliverer(deployment, subscription_id)})
