import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev import package as packaging
from dev.bootstrap.programs import SetupError
from dev.bytecode import compile_module
from dev.package import code_files, package

ROOT = Path(__file__).parent.parent.parent
LIBRARIES = ".python_packages/lib/site-packages"
CODE = {
    "function_app.py": "import shared\n",
    "host.json": "{}\n",
    "shared/__init__.py": "",
    "shared/cli.py": "import rich\n",
    "shared/commands/status.py": "",
    "shared/notes.txt": "",
}
WHEEL = {
    "parcel/__init__.py": b"WEIGHT = 1\ndef is_small(size):\n    return size in {'s', 'xs', 'xxs'}\n",
    "parcel/template.py": b"def {{ name }}:\n",
    "parcel-1.0.data/platlib/parcel/speed.py": b"",
    "parcel-1.0.data/scripts/parcel": b"#!python\n",
    "parcel-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: parcel\nVersion: 1.0\n",
    "parcel-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: cp313-cp313-manylinux_2_17_x86_64\n",
}


def write_wheel(folder):
    wheel = folder / "parcel-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        for name, data in WHEEL.items()
    }
    record = "".join(f"{name},sha256={digest},{len(WHEEL[name])}\n" for name, digest in digests.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in WHEEL.items():
            archive.writestr(name, data)
        archive.writestr("parcel-1.0.dist-info/RECORD", f"{record}parcel-1.0.dist-info/RECORD,,\n")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def python_with_pip(tmp_path_factory):
    """A Python with pip, which that of the tests need not have."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return str(folder / "bin" / "python")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small project that wants one package, and the only place where pip looks for packages."""
    folder = tmp_path_factory.mktemp("made")
    for name, text in CODE.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "index").mkdir()
    (folder / "project" / "requirements.txt").write_text(f"parcel==1.0 --hash=sha256:{write_wheel(folder / 'index')}\n")
    return folder


@pytest.fixture
def index(tmp_path, made, python_with_pip, monkeypatch):
    """The test's own place where pip looks."""
    folder = Path(shutil.copytree(made / "index", tmp_path / "index"))
    monkeypatch.setattr(sys, "executable", python_with_pip)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def root(tmp_path, made, index):
    """The test's own project, without a package of it."""
    assert index.is_dir()
    return Path(shutil.copytree(made / "project", tmp_path / "project", ignore=shutil.ignore_patterns("dist")))


@pytest.fixture
def packed(root, made):
    """The test's own project, with its package."""
    package(made / "project")
    shutil.copytree(made / "project" / "dist", root / "dist")
    return root


def names_in(built):
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def unpacked(built, folder):
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


def imported(folder, what):
    """The value of something in a module that a fresh Python 3.13 imports from a folder."""
    program = f"import json, {what.partition('.')[0]}; print(json.dumps({what}))"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return json.loads(subprocess.check_output([sys.executable, "-c", program], cwd=folder, env=environment))


def without_python(monkeypatch):
    """Let the machine have no Python 3.13."""
    monkeypatch.setattr(packaging, "is_wanted_python", lambda _: False)
    monkeypatch.setattr(packaging, "find_python", lambda *_: None)


def test_the_package_holds_the_code_and_the_wheels_files_where_the_host_looks(root):
    assert names_in(package(root)) == {
        "__pycache__/function_app.cpython-313.pyc",
        "function_app.py",
        "host.json",
        "made-from.txt",
        "requirements.txt",
        "shared/__init__.py",
        "shared/__pycache__/__init__.cpython-313.pyc",
        f"{LIBRARIES}/parcel/__init__.py",
        f"{LIBRARIES}/parcel/__pycache__/__init__.cpython-313.pyc",
        f"{LIBRARIES}/parcel/__pycache__/speed.cpython-313.pyc",
        f"{LIBRARIES}/parcel/speed.py",
        f"{LIBRARIES}/parcel/template.py",
        f"{LIBRARIES}/parcel-1.0.dist-info/METADATA",
        f"{LIBRARIES}/parcel-1.0.dist-info/RECORD",
        f"{LIBRARIES}/parcel-1.0.dist-info/WHEEL",
    }


@pytest.mark.long
def test_it_is_the_same_byte_for_byte_at_another_time_and_place(root, tmp_path, monkeypatch):
    first = package(root).read_bytes()
    other = shutil.copytree(root, tmp_path / "another place", ignore=shutil.ignore_patterns("dist"))
    for path in other.rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o700)
    for name, value in {"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2", "PYTHONPYCACHEPREFIX": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    assert package(other).read_bytes() == first


def test_bytecode_is_the_same_whatever_else_the_process_that_compiles_holds():
    source = b"def outer():\n    class Inner:\n        pass\n"
    alone = compile_module("module.py", source)
    held = sys.intern("outer.<locals>.Inner")  # as an imported module may hold it
    assert compile_module("module.py", source) == alone
    assert held


def test_a_module_is_imported_from_its_bytecode_alone_and_nothing_is_written(packed, tmp_path):
    libraries = unpacked(package(packed), tmp_path / "app") / LIBRARIES
    module = libraries / "parcel" / "__init__.py"
    module.write_bytes(b"WEIGHT = 2\n")
    before = {path: path.stat().st_mtime_ns for path in libraries.rglob("*")}
    assert imported(libraries, "parcel.WEIGHT") == 1
    assert imported(libraries, "parcel.is_small.__code__.co_filename") == str(module)  # what a traceback shows
    assert {path: path.stat().st_mtime_ns for path in libraries.rglob("*")} == before


def test_a_python_that_cannot_read_the_bytecode_takes_the_source(packed, tmp_path):
    libraries = unpacked(package(packed), tmp_path / "app") / LIBRARIES
    (bytecode,) = (libraries / "parcel" / "__pycache__").glob("__init__.*")
    bytecode.write_bytes(b"\0\0\r\n" + bytecode.read_bytes()[4:])
    assert imported(libraries, "parcel.WEIGHT") == 1


def test_all_of_the_code_is_compiled():
    assert [
        name for name, data in code_files(ROOT).items() if name.endswith(".py") and not compile_module(name, data)
    ] == []


def test_without_python_3_13_the_package_has_no_bytecode_and_says_so(root, monkeypatch, capfd):
    with monkeypatch.context() as machine:
        without_python(machine)
        names = names_in(package(root))
        assert f"{LIBRARIES}/parcel/__init__.py" in names
        assert not [name for name in names if "__pycache__" in name]
        assert "there is no Python 3.13 on this machine to compile the code" in capfd.readouterr().err
        before = package(root).stat()
        assert package(root).stat().st_mtime_ns == before.st_mtime_ns
    assert [name for name in names_in(package(root)) if "__pycache__" in name]  # as soon as there is one


def test_a_package_with_bytecode_is_left_alone_where_there_is_no_python_3_13(packed, monkeypatch):
    before = package(packed).stat()
    without_python(monkeypatch)
    assert package(packed).stat().st_mtime_ns == before.st_mtime_ns


def test_terraform_deploys_again_what_is_packed_in_another_way(packed):
    with zipfile.ZipFile(package(packed)) as archive:
        made_from = [line.split()[1] for line in archive.read("made-from.txt").decode().splitlines()]
    sources = (ROOT / "terraform" / "modules" / "sluice" / "modules" / "region" / "main.code.tf").read_text()
    assert {"dev/bytecode.py", "dev/package.py"} <= {name for name in made_from if f'"{name}"' in sources}


def test_a_package_that_is_current_is_left_alone(packed, index):
    before = package(packed).stat()
    for wheel in index.iterdir():
        wheel.unlink()
    assert package(packed).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.long
def test_a_file_that_was_added_stays_until_the_code_changes(packed):
    with zipfile.ZipFile(package(packed), "a") as archive:
        archive.writestr("ca.pem", "authorities of one's own")
    assert "ca.pem" in names_in(package(packed))
    (packed / "function_app.py").write_text("import shared, os\n")
    assert "ca.pem" not in names_in(package(packed))


@pytest.mark.long
def test_changed_code_makes_another_package(packed):
    first = package(packed).read_bytes()
    (packed / "function_app.py").write_text("import shared, os\n")
    assert package(packed).read_bytes() != first


@pytest.mark.long
def test_a_torn_package_is_built_again(packed):
    built = package(packed)
    whole = built.read_bytes()
    built.write_bytes(whole[:-30])
    assert package(packed).read_bytes() == whole


def test_a_wheel_with_another_hash_gives_no_package(root):
    (root / "requirements.txt").write_text(f"parcel==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetupError, match="pip could not download the packages"):
        package(root)
    assert not (root / "dist" / "function.zip").exists()


def test_a_package_that_cannot_be_renewed_is_kept_as_it_was(packed):
    first = package(packed).read_bytes()
    (packed / "requirements.txt").write_text("parcel==2.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetupError):
        package(packed)
    assert (packed / "dist" / "function.zip").read_bytes() == first


def test_the_code_is_what_funcignore_lets_through():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    ignored = ["git", "ls-files", "--cached", "--others", "--ignored", "--exclude-from=.funcignore"]
    everything, left_out = (
        {name for name in subprocess.check_output(command, cwd=ROOT, text=True).splitlines() if (ROOT / name).exists()}
        for command in (listed, ignored)
    )
    assert set(code_files(ROOT)) == everything - left_out
