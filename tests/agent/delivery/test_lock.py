import pytest

from agent.delivery.lock import lock
from agent.errors import SettingError


def test_a_state_directory_is_one_agents(tmp_path):
    with lock(tmp_path), pytest.raises(SettingError, match="Another agent is using the state directory"):
        lock(tmp_path)
    lock(tmp_path).close()
