import ast
import sys
from pathlib import Path

import pytest

import dev.bootstrap

_PACKAGE = Path(dev.bootstrap.__file__).parent
_MODULES = sorted(_PACKAGE.glob("*.py"))


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: path.name)
def test_every_module_reads_as_python_3_9(module: Path):
    ast.parse(module.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: path.name)
def test_every_module_needs_the_standard_library_alone(module: Path):
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(module.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {*sys.stdlib_module_names, "dev"}
