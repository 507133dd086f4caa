"""The body of a registration: what `terraform apply` sends of a deployment in a subscription."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

from gateway.api.errors import ApiError
from gateway.clock import iso
from gateway.visible import visible

_LONGEST: Final = 300
"""More characters than any name in Azure has."""
_REGION_KEYS: Final = ("location", "storageAccount", "functionApp")
_TIMES: Final = ("credentialExpiresAt", "secretExpiresAt")


class Cloud(StrEnum):
    """The clouds that a subscription can be in."""

    PUBLIC = "public"
    US_GOVERNMENT = "usgovernment"
    CHINA = "china"


def read_registration(body: bytes) -> dict[str, Any]:
    """Check a registration, and return the part that is stored.

    The application's credential is not stored: nothing in the gateway signs in to Azure, and a secret that is not there
    cannot leak.

    Raises:
        ApiError: 400 if it is not valid.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise _bad("The body is not a JSON object.")
    for key in ("tenantId", "applicationId"):
        if not isinstance(value.get(key), str) or not is_guid(value[key]):
            raise _bad(f"{key} must be a GUID.")
    if not is_name(value.get("deployment")):
        raise _bad(f"deployment must be a string of 1 to {_LONGEST} characters that can be displayed.")
    regions = value.get("regions")
    if not isinstance(regions, list) or not regions or not all(map(_is_region, regions)):
        raise _bad(
            f"regions must be a list of objects with {', '.join(_REGION_KEYS)}, each a string of 1 to {_LONGEST} "
            "characters that can be displayed."
        )
    return {
        "tenantId": value["tenantId"],
        "applicationId": value["applicationId"],
        "deployment": value["deployment"],
        "regions": [{key: region[key] for key in _REGION_KEYS} for region in regions],
        **_optional(value),
    }


def is_name(value: object) -> bool:
    """Return whether a value can be a deployment's name: people read it, so they must see each of its characters."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    return bool(value.strip()) and value.isprintable() and visible(value) == value


def is_guid(text: str) -> bool:
    """Return whether a text is a GUID as Azure writes them, in either case."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _optional(value: dict[str, Any]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for key in _TIMES:
        if value.get(key) is not None:
            kept[key] = _time(key, value[key])
    if value.get("cloud") is not None:
        if value["cloud"] not in list(Cloud):
            raise _bad(f"cloud must be one of {', '.join(Cloud)}.")
        kept["cloud"] = value["cloud"]
    return kept


def _time(key: str, value: object) -> str:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None:
            return iso(at.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise _bad(f"{key} must be a time in ISO 8601 with its offset from UTC, such as 2027-11-20T15:00:00Z.")


def _is_region(value: object) -> bool:
    return isinstance(value, dict) and all(is_name(value.get(key)) for key in _REGION_KEYS)


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_registration", message)
