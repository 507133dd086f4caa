"""Write `api.json`: what Azure's published API descriptions say of the resources that the module makes.

    python -m tests.terraform.standin.describe FOLDER > tests/terraform/standin/api.json

FOLDER is where Microsoft's Python packages, those of `SOURCES`, were unpacked: they are generated from the API
descriptions (the repository Azure/azure-rest-api-specs, over a gigabyte), and have their defaults, read-only
properties and values, spelt as the service spells them. `pip download --no-deps azure-mgmt-eventgrid==10.4.0` gets one,
which is a zip. Whoever brings `api.json` up to date runs this; no test does.
"""

import ast
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Source:
    """Where a resource is described.

    Attributes:
        package: The part of the package's name after azure-mgmt, and its version.
        api_version: The version of the API that is described.
        folder: Where in the package.
        model: The class of the resource.
        inside: Classes of properties that have several forms, by path.
    """

    package: str
    api_version: str
    folder: str
    model: str
    inside: dict[str, str]


_STORAGE = ("storage 22.1.1", "2024-01-01", "storage/v2024_01_01")
_WEB = ("web 8.0.0", "2023-01-01", "web/v2023_01_01")
SOURCES: Final = {
    "azurerm_application_insights": Source(
        "applicationinsights 4.1.0",
        "2020-02-02",
        "applicationinsights/v2020_02_02",
        "ApplicationInsightsComponent",
        {},
    ),
    "azurerm_eventgrid_event_subscription": Source(
        "eventgrid 10.4.0",
        "2025-02-15",
        "eventgrid",
        "EventSubscription",
        {
            "deadLetterDestination": "StorageBlobDeadLetterDestination",
            "destination": "WebHookEventSubscriptionDestination",
        },
    ),
    "azurerm_function_app_flex_consumption": Source(*_WEB, "Site", {}),
    "azurerm_key_vault": Source("keyvault 11.0.0", "2023-02-01", "keyvault/v2023_02_01", "Vault", {}),
    "azurerm_log_analytics_workspace": Source("loganalytics 13.0.0b7", "2022-10-01", "loganalytics", "Workspace", {}),
    "azurerm_monitor_action_group": Source("monitor 7.0.0", "2023-01-01", "monitor", "ActionGroupResource", {}),
    "azurerm_monitor_scheduled_query_rules_alert_v2": Source(
        "monitor 7.0.0", "2023-12-01", "monitor", "ScheduledQueryRuleResource", {}
    ),
    "azurerm_role_assignment": Source(
        "authorization 4.0.0", "2022-04-01", "authorization/v2022_04_01", "RoleAssignment", {}
    ),
    "azurerm_service_plan": Source(*_WEB, "AppServicePlan", {}),
    "azurerm_storage_account": Source(*_STORAGE, "StorageAccount", {}),
    "azurerm_storage_container": Source(*_STORAGE, "BlobContainer", {}),
    "azurerm_storage_management_policy": Source(*_STORAGE, "ManagementPolicy", {}),
    "azurerm_user_assigned_identity": Source("msi 7.0.0", "2023-01-31", "msi/v2023_01_31", "Identity", {}),
}
_DEPTH = 4


class Models:
    """The classes of one package."""

    def __init__(self, path: Path) -> None:
        self._source = path.read_text()
        self._classes = {node.name: node for node in ast.parse(self._source).body if isinstance(node, ast.ClassDef)}

    def properties(self, model: str, inside: dict[str, str], before: str = "", depth: int = _DEPTH) -> dict[str, Any]:
        """What is said of a class's properties, and of theirs, by path."""
        found: dict[str, Any] = {}
        if depth == 0 or model not in self._classes:
            return found
        for name, (key, kind) in self._keys(model).items():
            path = before + key.removeprefix("properties.")
            said = self._said(model, name)
            if said:
                found[path] = said
            if not said.get("readOnly"):
                found |= self.properties(inside.get(path, kind.strip("[]")), inside, f"{path}.", depth - 1)
        return found

    def _said(self, model: str, name: str) -> dict[str, Any]:
        if self._constant(model, "_validation").get(name, {}).get("readonly"):
            return {"readOnly": True}
        said: dict[str, Any] = {}
        default = self._default(model, name)
        if default is not None:
            said["default"] = default
        values = self._values(model, name)
        if values:
            said["values"] = values
        return said

    def _line(self, model: str) -> list[ast.ClassDef]:
        """A class and those that it inherits from, the most general one first."""
        node = self._classes[model]
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        return [*(one for base in bases if base in self._classes for one in self._line(base)), node]

    def _constant(self, model: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self._line(model):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
                    found |= ast.literal_eval(statement.value)
        return found

    def _keys(self, model: str) -> dict[str, tuple[str, str]]:
        attributes = self._constant(model, "_attribute_map")
        return {name: (said["key"].replace("\\\\.", "."), said["type"]) for name, said in attributes.items()}

    def _default(self, model: str, name: str) -> Any:
        for node in self._line(model):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    given = zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True)
                    for argument, default in given:
                        if argument.arg == name and isinstance(default, ast.Constant):
                            return default.value
        return None

    def _values(self, model: str, name: str) -> list[str]:
        for node in reversed(self._line(model)):
            text = " ".join((ast.get_docstring(node) or "").split())
            said = re.search(rf":ivar {name}: (.*?):vartype", text)
            if said:
                return re.findall(r'"([^"]+)"', said[1].partition("Known values are: ")[2])
        return []


def describe(folder: Path) -> dict[str, Any]:
    """What is said of each resource."""
    described = {}
    for resource, source in SOURCES.items():
        models = Models(folder / "azure" / "mgmt" / source.folder / "models" / "_models_py3.py")
        described[resource] = {
            "source": f"azure-mgmt-{source.package}",
            "api_version": source.api_version,
            "properties": models.properties(source.model, source.inside),
        }
    return described


def main() -> None:
    """Print it, a property a line."""
    lines = []
    for resource, said in describe(Path(sys.argv[1])).items():
        properties = ",\n".join(
            f"      {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(said.pop("properties").items())
        )
        head = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in said.items())
        lines.append(f'  {json.dumps(resource)}: {{\n{head},\n    "properties": {{\n{properties}\n    }}\n  }}')
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
