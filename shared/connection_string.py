"""Storage connection strings, parsed like the storage library does."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from shared.account_names import Service, account_in, spelled
from shared.addresses import service_address
from shared.errors import SettingError

_EMULATOR: Final = "UseDevelopmentStorage=true"
_EMULATORS_ADDRESS: Final = "http://127.0.0.1:10000/devstoreaccount1"
_EMULATORS_TABLES: Final = "http://127.0.0.1:10002/devstoreaccount1"
_ACCOUNT_NAME: Final = re.compile(r"(?<![^;])(AccountName=)[^;]*", re.IGNORECASE)
_COPY: Final = "Copy all of it from the storage account's access keys"


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """A connection string that can be used.

    Attributes:
        text: The string, its account's name as Azure spells it.
        address: The blob endpoint that it leads to.
        tables: The table endpoint that it leads to; "" where it has only a signature, and none for tables.
        account: The account that it names; None where it has only a signature and a custom domain.
    """

    text: str = field(repr=False)
    address: str
    tables: str
    account: str | None


def read_connection_string(setting: str, text: str) -> ConnectionString:
    """Return what a setting's connection string says.

    Raises:
        SettingError: It can't be used; the message names the setting and not its value.
    """
    parts = _parts(setting, text)
    if "USEDEVELOPMENTSTORAGE" in parts:
        if len(parts) > 1 or parts["USEDEVELOPMENTSTORAGE"].lower() != "true":
            # The library would ignore all the rest, and use the emulator whatever account is named.
            raise SettingError(f"The setting {setting} has UseDevelopmentStorage, which must be {_EMULATOR}, alone.")
        return ConnectionString(_EMULATOR, _EMULATORS_ADDRESS, _EMULATORS_TABLES, account_in(_EMULATORS_ADDRESS))
    # The account's name is in messages, so a key that was pasted in its place must not pass for one.
    named, endpoint = spelled(parts.get("ACCOUNTNAME", "")), parts.get("BLOBENDPOINT")
    if "ACCOUNTKEY" in parts:
        authorised = named is not None and _is_base64(parts["ACCOUNTKEY"])
    else:
        authorised = bool(parts.get("SHAREDACCESSSIGNATURE"))
    if not authorised or not (named or endpoint) or bool(named) != ("ACCOUNTNAME" in parts):
        raise _not_valid(setting)
    protocol, suffix = parts.get("DEFAULTENDPOINTSPROTOCOL", "https"), parts.get("ENDPOINTSUFFIX", "core.windows.net")
    address = service_address(f"{setting} (its blob endpoint)", endpoint or f"{protocol}://{named}.blob.{suffix}")
    account = _one_account(setting, named, "AccountName", account_in(address), "BlobEndpoint")
    tables = f"{protocol}://{named}.table.{suffix}" if named else ""
    if "TABLEENDPOINT" in parts:
        tables = service_address(f"{setting} (its table endpoint)", parts["TABLEENDPOINT"])
        first = "AccountName" if named else "BlobEndpoint"
        _one_account(setting, account, first, account_in(tables, Service.TABLES), "TableEndpoint")
    return ConnectionString(_ACCOUNT_NAME.sub(rf"\g<1>{named}", text), address, tables, account)


def _one_account(setting: str, one: str | None, first: str, other: str | None, second: str) -> str | None:
    if one and other and one != other:
        raise SettingError(
            f"The setting {setting} names two storage accounts, one as {first}, another in {second}. {_COPY}."
        )
    return one or other


def _parts(setting: str, text: str) -> dict[str, str]:
    # Names are in any case, but without spaces around them; of a name that comes twice the library uses the last.
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise _not_valid(setting)
        if name.upper() in parts:
            raise SettingError(
                f"The setting {setting} has two connection strings, or parts of two, one after the other. Keep one."
            )
        parts[name.upper()] = value
    return parts


def _not_valid(setting: str) -> SettingError:
    return SettingError(
        f"The setting {setting} is not a valid storage connection string. {_COPY}; it has AccountName and AccountKey."
    )


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False
