import subprocess

import pytest

from dev.bootstrap.programs import SetupError
from dev.release.__main__ import release


def test_what_is_not_committed_is_not_released(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "new.py").write_text("")
    with pytest.raises(SetupError, match="there are uncommitted changes"):
        release(tmp_path)
    assert not (tmp_path / "dist").exists()
