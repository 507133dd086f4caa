"""What settings lead to is put together in one place, for the function app and for commands alike."""

import ast
from pathlib import Path

import shared

_SHARED = Path(shared.__file__).parent
_MADE_ONCE = (
    "blob_service",
    "checkpoint_table",
    "FlowLogAccount",
    "Checkpoints",
    "Pointers",
    "Claims",
    "StorageClock",
    "Watermarks",
    "Horizon",
    "GatewayClient",
    "DeadLetters",
)


def _calls(file: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return {name.id for name in calls if isinstance(name, ast.Name)}


def test_clients_and_what_is_kept_are_made_in_one_place():
    made = {name: [file.name for file in _SHARED.rglob("*.py") if name in _calls(file)] for name in _MADE_ONCE}
    assert made == {name: ["services.py"] for name in _MADE_ONCE}
