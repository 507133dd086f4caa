"""Forms of Flow Logs configurations, as people fill them in."""

from typing import Any

ID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"


def connection_string(account: str, key: str = "cGxhbnRlZA==") -> str:
    """A storage account's connection string, as the portal shows it."""
    return f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};EndpointSuffix=core.windows.net"


def configuration(*accounts: str, **changes: Any) -> dict[str, Any]:
    """A form with storage accounts in eastus, apart from what is changed."""
    rows = [str(number) for number in range(1, len(accounts) + 1)]
    form: dict[str, Any] = {"name": "azure-production", "subscription_id": ID, "row": rows}
    for row, account in zip(rows, accounts, strict=True):
        form |= {f"account-{row}": account, f"region-{row}": "eastus", f"secret-{row}": connection_string(account)}
    return form | {name.replace("_", "-") if name[-1].isdigit() else name: value for name, value in changes.items()}
