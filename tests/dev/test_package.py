import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev.bootstrap.programs import SetupError
from dev.package import code_files, package

ROOT = Path(__file__).parent.parent.parent
CODE = {
    "function_app.py": "import shared\n",
    "host.json": "{}\n",
    "shared/__init__.py": "",
    "shared/cli.py": "import rich\n",
    "shared/commands/status.py": "",
    "shared/notes.txt": "",
}
WHEEL = {
    "parcel/__init__.py": b"WEIGHT = 1\n",
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


@pytest.fixture
def index(tmp_path, python_with_pip, monkeypatch):
    """The only place where pip looks for packages."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setattr(sys, "executable", python_with_pip)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def root(tmp_path, index):
    """A small project that wants one package."""
    folder = tmp_path / "project"
    for name, text in CODE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "requirements.txt").write_text(f"parcel==1.0 --hash=sha256:{write_wheel(index)}\n")
    return folder


def names_in(built):
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_package_holds_the_code_and_the_wheels_files_where_the_host_looks(root):
    libraries = ".python_packages/lib/site-packages"
    assert names_in(package(root)) == {
        "function_app.py",
        "host.json",
        "made-from.txt",
        "requirements.txt",
        "shared/__init__.py",
        f"{libraries}/parcel/__init__.py",
        f"{libraries}/parcel/speed.py",
        f"{libraries}/parcel-1.0.dist-info/METADATA",
        f"{libraries}/parcel-1.0.dist-info/RECORD",
        f"{libraries}/parcel-1.0.dist-info/WHEEL",
    }


def test_it_is_the_same_byte_for_byte_at_another_time(root):
    built = package(root)
    first = built.read_bytes()
    built.unlink()
    for path in root.rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o700)
    assert package(root).read_bytes() == first


def test_a_package_that_is_current_is_left_alone(root, index):
    before = package(root).stat()
    for wheel in index.iterdir():
        wheel.unlink()
    assert package(root).stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_was_added_stays_until_the_code_changes(root):
    with zipfile.ZipFile(package(root), "a") as archive:
        archive.writestr("ca.pem", "authorities of one's own")
    assert "ca.pem" in names_in(package(root))
    (root / "function_app.py").write_text("import shared, os\n")
    assert "ca.pem" not in names_in(package(root))


def test_changed_code_makes_another_package(root):
    first = package(root).read_bytes()
    (root / "function_app.py").write_text("import shared, os\n")
    assert package(root).read_bytes() != first


def test_a_torn_package_is_built_again(root):
    built = package(root)
    whole = built.read_bytes()
    built.write_bytes(whole[:-30])
    assert package(root).read_bytes() == whole


def test_a_wheel_with_another_hash_gives_no_package(root):
    (root / "requirements.txt").write_text(f"parcel==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetupError, match="pip could not download the packages"):
        package(root)
    assert not (root / "dist" / "function.zip").exists()


def test_a_package_that_cannot_be_renewed_is_kept_as_it_was(root):
    first = package(root).read_bytes()
    (root / "requirements.txt").write_text("parcel==2.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetupError):
        package(root)
    assert (root / "dist" / "function.zip").read_bytes() == first


def test_the_code_is_what_funcignore_lets_through():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    ignored = ["git", "ls-files", "--cached", "--others", "--ignored", "--exclude-from=.funcignore"]
    everything, left_out = (
        {name for name in subprocess.check_output(command, cwd=ROOT, text=True).splitlines() if (ROOT / name).exists()}
        for command in (listed, ignored)
    )
    assert set(code_files(ROOT)) == everything - left_out
