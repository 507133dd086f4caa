"""The form of a Flow Logs configuration, and its validation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from gateway.console.forms import Form
from gateway.console.setup.connection_string import cloud_of, error_in
from gateway.console.setup.regions import REGIONS, nearest_region, region_id
from gateway.stores.deployments import Deployment, NewStorageAccount, StorageAccount, taken_account

_PREFIX: Final = "azure-"
_NAME: Final = re.compile(r"azure-[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_ACCOUNT: Final = re.compile(r"[a-z0-9]{3,24}")
_KEY: Final = re.compile("[0-9]{1,6}")
_REGION: Final = re.compile(r"[a-z0-9]{3,40}")
MOST_ACCOUNTS: Final = 50
_GUID_WANTED: Final = (
    "Enter the subscription's id, such as 00000000-0000-0000-0000-000000000000: az account list shows yours."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One storage account's fields.

    Attributes:
        key: The suffix of its fields' names; it stays the same when other rows are added or removed.
        name: The account's name, as entered.
        region: Its region, as entered.
        confirmed_region: The region that is saved even if it is not a known one.
        secret: Its connection string, as entered; it is never sent back.
        kept: Whether a connection string is stored, which an empty field keeps.
        errors: What is wrong with the fields, by field name without the key.
    """

    key: str
    name: str = ""
    region: str = ""
    confirmed_region: str = ""
    secret: str = field(default="", repr=False)
    kept: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> NewStorageAccount:
        """The storage account to save."""
        return NewStorageAccount(StorageAccount(self.name, self.region), self.secret or None)


@dataclass(frozen=True, slots=True)
class Draft:
    """The complete form.

    Attributes:
        name: The deployment's name, as entered.
        subscription_id: The Azure subscription's id, as entered.
        rows: The storage accounts.
        errors: What is wrong with the name and the subscription id, by field name.
        seen: The mark of the configuration that it was made from; empty for a new one.
    """

    name: str
    subscription_id: str
    rows: tuple[Row, ...]
    errors: dict[str, str] = field(default_factory=dict)
    seen: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors and not any(row.errors for row in self.rows)


def empty_draft() -> Draft:
    """Return the form of a new configuration."""
    return Draft(_PREFIX, "", (Row("1"),))


def draft_of(deployment: Deployment) -> Draft:
    """Return the form that changes a configuration, without its secrets."""
    rows = (
        Row(str(key), each.name, each.region, each.region, kept=True) for key, each in enumerate(deployment.accounts, 1)
    )
    return Draft(deployment.name, deployment.subscription_id, tuple(rows), seen=deployment.mark)


def read_draft(form: Form, stored: Deployment | None) -> Draft:
    """Read a submitted form.

    Args:
        form: The submitted form.
        stored: The configuration that it changes; None for a new one.
    """
    known = {each.name: each.region for each in stored.accounts} if stored else {}
    keys = [key for key in dict.fromkeys(form.all("row")) if _KEY.fullmatch(key)]
    rows = tuple(_read_row(form, key, known) for key in keys[:MOST_ACCOUNTS])
    name = stored.name if stored else form.text("name")
    return Draft(name, form.text("subscription_id").lower(), rows or (Row("1"),), seen=form.text("seen"))


def _read_row(form: Form, key: str, known: Mapping[str, str]) -> Row:
    name = form.text(f"account-{key}")
    # Whoever was warned about a region, or has saved it before, means it.
    confirmed = form.text(f"warned-{key}") or known.get(name, "")
    region = region_id(form.text(f"region-{key}"))
    return Row(key, name, region, confirmed, form.text(f"secret-{key}"), kept=name in known)


def with_one_more_row(draft: Draft) -> Draft:
    """Add an empty storage account."""
    last = max((int(row.key) for row in draft.rows), default=0)
    return replace(draft, rows=(*draft.rows, Row(str(last + 1)))[:MOST_ACCOUNTS])


def without_row(draft: Draft, key: str) -> Draft:
    """Remove a storage account."""
    return replace(draft, rows=tuple(row for row in draft.rows if row.key != key) or (Row("1"),))


def checked(draft: Draft, others: Sequence[Deployment]) -> Draft:
    """Return a form with its errors.

    Args:
        draft: The form.
        others: The customer's other configurations.
    """
    elsewhere = {account.name: other.name for other in others for account in other.accounts}
    errors = {
        "name": _name_error(draft.name, [other.name for other in others]),
        "subscription_id": "" if _is_guid(draft.subscription_id) else _GUID_WANTED,
    }
    rows: list[Row] = []
    for row in draft.rows:
        rows.append(replace(row, errors=_row_errors(row, rows, elsewhere)))
    return replace(draft, rows=tuple(rows), errors={name: error for name, error in errors.items() if error})


def reviewed(draft: Draft) -> Draft:
    """Return a form that is shown again before it is checked, which says where a connection string was entered: without
    it, the stored one would be kept.
    """
    return replace(draft, rows=tuple(_reviewed(row) for row in draft.rows))


def _reviewed(row: Row) -> Row:
    return replace(row, errors={"connection": "Enter the connection string again."}) if row.secret else row


def _name_error(name: str, taken: Sequence[str]) -> str:
    if _DASHES.search(name):
        meant = _DASHES.sub("-", name)
        return f"This contains a long dash, as some documents print it. Write the name with a hyphen: {meant}"
    if not name.startswith(_PREFIX):
        return f"The name must begin with {_PREFIX}, such as {_PREFIX}production."
    if not _NAME.fullmatch(name):
        return f"Write up to 42 lowercase letters, digits and hyphens after {_PREFIX}, ending with a letter or digit."
    return f"There is already a deployment {name}. Choose another name." if name in taken else ""


def _row_errors(row: Row, before: Sequence[Row], elsewhere: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not _ACCOUNT.fullmatch(row.name):
        errors["account"] = "Enter the storage account's name: 3 to 24 lowercase letters and digits."
    elif row.name in {other.name for other in before}:
        errors["account"] = "This storage account is already listed above. Remove one of them."
    elif row.name in elsewhere and not row.kept:
        errors["account"] = taken_account(row.name, elsewhere[row.name])
    if not _REGION.fullmatch(row.region):
        errors["region"] = "Enter the storage account's region, such as eastus."
    elif row.region not in REGIONS and row.region != row.confirmed_region:
        errors["region"] = _unknown_region(row.region)
    if row.secret:
        error = error_in(row.secret, None if "account" in errors else row.name)
        clouds = {cloud_of(other.secret) for other in before if other.secret}
        if not error and clouds and cloud_of(row.secret) not in clouds:
            error = "This connection string is for a different cloud than those above. A subscription is in one cloud."
        if error:
            errors["connection"] = error
    elif not row.kept:
        errors["connection"] = "Enter the connection string, from the storage account's access keys in the portal."
    return errors


def _unknown_region(region: str) -> str:
    nearest = nearest_region(region)
    meant = f"Did you mean {nearest}?" if nearest else "Check the spelling."
    return f"{region} is not a known Azure region. {meant} To keep {region}, save again."


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
