import tarfile

import pytest

from dev.release.bundle import bundled_files, needed_of_shared, write_bundle

TREE = {
    "LICENSE": "the licence",
    "CHANGELOG.md": "",
    "SECURITY.md": "",
    "README.md": "",
    "docs/console.md": "",
    "docs/screenshots/home.png": "",
    "function_app.py": "import shared.ingester",
    "gateway/__init__.py": "",
    "gateway/requirements.txt": "",
    "gateway/serving.py": "import os\nfrom shared.flowlog.record import KEYS\ndef f():\n    from shared import cli\n",
    "shared/__init__.py": "",
    "shared/cli.py": "import shared.commands.output as output",
    "shared/commands/__init__.py": "",
    "shared/commands/output.py": "from shared.cli import main",
    "shared/commands/replay.py": "",
    "shared/flowlog/__init__.py": "from shared.flowlog.check import check",
    "shared/flowlog/check.py": "from shared.errors import KEYS",
    "shared/flowlog/record.py": "",
    "shared/errors.py": "",
    "shared/ingester.py": "",
    "terraform/main.tf": "",
    "terraform/tests/main.tftest.hcl": "",
    "tests/test_app.py": "",
}
NEEDED = {
    "shared/__init__.py",
    "shared/cli.py",
    "shared/commands/__init__.py",
    "shared/commands/output.py",
    "shared/errors.py",
    "shared/flowlog/__init__.py",
    "shared/flowlog/check.py",
    "shared/flowlog/record.py",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in TREE.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


def test_of_shared_it_has_what_the_gateway_imports_and_what_that_imports(tree):
    assert {path.relative_to(tree).as_posix() for path in needed_of_shared(tree)} == NEEDED


def test_it_has_the_gateway_its_documents_and_what_the_console_hands_out(tree):
    others = {"LICENSE", "CHANGELOG.md", "SECURITY.md", "docs/console.md", "terraform/main.tf"}
    others |= {name for name in TREE if name.startswith("gateway/")}
    assert bundled_files(tree) == {name: TREE[name].encode() for name in NEEDED | others}


def test_its_bytes_depend_on_its_content_alone(tmp_path):
    one, other = tmp_path / "one.tar.gz", tmp_path / "other name.tar.gz"
    write_bundle(one, "sluice", {"a": b"1", "b/c": b"2"}, 1_700_000_000)
    write_bundle(other, "sluice", {"b/c": b"2", "a": b"1"}, 1_700_000_000)
    assert one.read_bytes() == other.read_bytes()
    with tarfile.open(one) as archive:
        entries = archive.getmembers()
    assert [(each.name, each.mode, each.mtime, each.uid, each.uname) for each in entries] == [
        ("sluice/a", 0o644, 1_700_000_000, 0, ""),
        ("sluice/b/c", 0o644, 1_700_000_000, 0, ""),
    ]
