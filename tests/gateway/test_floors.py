"""What may import what in the gateway: every import goes down, from a floor to one below."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FLOORS = (
    {"visible"},
    {"__init__", "clock", "leaving", "limits", "rate_limit", "sender", "site", "slots", "spreadsheet", "turns"},
    {"traffic"},
    {"stores"},
    {"actions", "connections", "guessable", "keeping", "strangers"},
    {"operator", "protocol", "signing_in"},
    {"api", "confirming", "server"},
    {"backups", "customers", "framing", "headers", "records", "users"},
    {"metrics"},
    {"edge"},
    {"console"},
    {"app"},
    {"serving"},
    {"cli"},
    {"__main__"},
)
"""The packages and modules of the gateway, the lowest floor first. Those of one floor know nothing of each other."""
ROOMS = {"home": {"traffic"}, "setup": {"home"}, "people": {"traffic"}}
"""What rooms of the console use of others; all others use none. All of them use what stands in no room."""


def modules(folder):
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(folder.rglob("*.py"))}


def imports(path):
    """The modules that a file imports, in whatever form."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{each.name}" for each in names)


def test_every_import_of_the_gateway_goes_down():
    floor_of = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    upward = []
    for module, path in modules(ROOT / "gateway").items():
        here = module.split(".")[1]
        for imported in imports(path):
            package, _, rest = imported.partition(".")
            if package == "gateway":
                there = rest.split(".")[0] if rest.split(".")[0] in floor_of else "__init__"
                if there != here and floor_of[there] >= floor_of[here]:
                    upward.append((module, imported))
    assert upward == []


def test_no_part_above_the_stores_knows_the_engine_of_the_records():
    knows = {
        module
        for module, path in modules(ROOT / "gateway").items()
        for imported in imports(path)
        if imported.split(".")[0] == "duckdb" or imported.startswith("gateway.stores.duckdb")
    }
    assert {module for module in knows if not module.startswith("gateway.stores.")} == set()
    outside = {module for module in knows if not module.startswith("gateway.stores.duckdb")}
    assert outside == {"gateway.stores.schemas", "gateway.stores.stores", "gateway.stores.upgrade"}


def test_the_language_and_the_protocol_know_no_store():
    pure = {
        imported.split(".")[1]
        for module, path in modules(ROOT / "gateway" / "traffic").items()
        for imported in imports(path)
        if imported.startswith("gateway.")
    }
    assert pure == {"traffic", "clock", "spreadsheet"}


def test_rooms_of_the_console_know_no_others_but_those_that_are_named():
    console = ROOT / "gateway" / "console"
    rooms = {folder.name for folder in console.iterdir() if (folder / "__init__.py").is_file()}
    known = {}
    for module, path in modules(console).items():
        here = module.split(".")[2]
        for imported in imports(path):
            parts = imported.split(".")
            if parts[:2] == ["gateway", "console"] and parts[2] in rooms and here in rooms and parts[2] != here:
                known.setdefault(here, set()).add(parts[2])
    assert known == ROOMS


@pytest.mark.parametrize("package", ["gateway", "shared", "agent"])
def test_no_package_of_the_product_needs_what_is_for_developers_alone(package):
    others = {"tests", "dev", "benchmarks"} | ({"shared", "gateway"} if package == "agent" else set())
    wrong = [
        (module, imported)
        for module, path in modules(ROOT / package).items()
        for imported in imports(path)
        if imported.split(".")[0] in others
    ]
    assert wrong == []
