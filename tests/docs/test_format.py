import re
from pathlib import Path

from shared.flowlog.record import AGENT_KEYS, KEYS

FORMAT = Path(__file__).parent.parent.parent / "docs" / "format.md"


def keys_listed(heading):
    """The keys that the table of a section names, in their order."""
    section = re.split(r"^#+ ", FORMAT.read_text().partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return tuple(key for cell in cells for key in re.findall("`([a-z_]+)`", cell))


def test_the_table_of_a_flow_log_s_record_has_its_keys_in_their_order():
    assert keys_listed("What the gateway gets") == KEYS


def test_the_table_of_an_agent_s_record_has_its_further_keys_in_their_order():
    assert keys_listed("What an agent adds") == AGENT_KEYS
