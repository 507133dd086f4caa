import subprocess
import sys
import time

import pytest

from benchmarks.limited import limited

_SPIN = "import time\nbegun = time.monotonic()\nwhile time.monotonic() - begun < 1: pass\nprint(time.process_time())"


def test_a_limited_program_gets_its_part_of_a_core():
    try:
        with limited(0.2) as limit:
            begun = time.monotonic()
            ran = subprocess.run([*limit.prefix, sys.executable, "-c", _SPIN], stdout=subprocess.PIPE, check=True)
            seconds = time.monotonic() - begun
    except RuntimeError as error:
        pytest.skip(str(error))
    assert float(ran.stdout) < 0.4 * seconds
