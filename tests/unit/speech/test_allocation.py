"""Memory of decodes, on the allocator the machine has."""

from __future__ import annotations

import resource
import subprocess
import sys

_PROGRAM = """
import resource, sys
import numpy as np
from ivr.speech.allocation import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
def spectrum():
    return np.ones((800, 201), dtype=np.complex128).sum()
spectrum()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    spectrum()
    np.ones(200_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", _PROGRAM, how], capture_output=True, text=True, check=True).stdout)


def test_the_arrays_of_the_next_decode_cost_no_pages() -> None:
    assert resource.getpagesize() * page_faults("kept") < 2_000_000 < resource.getpagesize() * page_faults("as it is")
