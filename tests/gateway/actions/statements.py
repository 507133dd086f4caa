"""The statements that change the accounts' file: where they stand in the code, and what runs them."""

import ast
import inspect
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.stores.database import Database

GATEWAY = Path(inspect.getfile(Database)).parent.parent
_CHANGE = re.compile(r"\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+(\w*)")
LOGS = {"audit_log", "operator_log"}


def table_changed(statement: str) -> str | None:
    """The table that a statement changes; None if it changes none."""
    found = _CHANGE.match(statement)
    return found and found[1]


def changing_functions() -> set[str]:
    """The functions of the stores of the accounts' file with a statement that changes something, as `Class.method`."""
    found = set()
    for path in sorted((GATEWAY / "stores").glob("*.py")):
        tree = ast.parse(path.read_text())
        if "Database" not in path.read_text():
            continue
        for owner in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
            for function in (node for node in owner.body if isinstance(node, ast.FunctionDef)):
                texts = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant)]
                if any(isinstance(text, str) and table_changed(text) is not None for text in texts):
                    found.add(f"{owner.name}.{function.name}" if isinstance(owner, ast.ClassDef) else function.name)
    return found


def calls_of(folder: Path) -> set[tuple[str, str]]:
    """What modules of a folder use of the stores, as `("tokens", "revoke")` for `self._stores.tokens.revoke`."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(
                    attr=method,
                    value=ast.Attribute(
                        attr=store, value=ast.Name(id="stores") | ast.Attribute(attr="_stores" | "stores")
                    ),
                ):
                    found.add((store, method))
    return found


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lstrip("_")
    return ""


@dataclass
class Recorder:
    """Who changed something, and whether an entry of a log was written in the same transaction.

    Attributes:
        logged: The functions whose changes had an entry.
        silent: Those that once had none.
    """

    logged: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    _open: threading.local = field(default_factory=threading.local)

    def install(self, patch) -> None:
        """Record what runs from now on, in every thread."""
        run, transaction = Database.run, Database.transaction

        def recording_run(database, statement, *parameters):
            table = table_changed(statement)
            if table is not None:
                caller = inspect.currentframe().f_back.f_code.co_qualname
                changes = getattr(self._open, "changes", None)
                if changes is None:
                    self._judge([(caller, table)])
                else:
                    changes.append((caller, table))
            return run(database, statement, *parameters)

        @contextmanager
        def recording_transaction(database):
            if getattr(self._open, "changes", None) is not None:
                with transaction(database):
                    yield
                return
            self._open.changes = []
            try:
                with transaction(database):
                    yield
                self._judge(self._open.changes)
            finally:
                self._open.changes = None

        patch.setattr(Database, "run", recording_run)
        patch.setattr(Database, "transaction", recording_transaction)

    def _judge(self, changes: list[tuple[str, str]]) -> None:
        has_entry = any(table in LOGS for _, table in changes)
        (self.logged if has_entry else self.silent).update(caller for caller, _ in changes)
