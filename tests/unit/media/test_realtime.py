"""The scheduling of a media worker, in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys

CODE = """
import os, resource, sys
from ivr.media import realtime
{limit}
print(bool(realtime.go_first()), os.sched_getscheduler(0) == os.SCHED_RR, flush=True)
{then}
"""
NOT_ALLOWED = """
resource.setrlimit(resource.RLIMIT_RTTIME, (0, 0))
realtime.MOST_AT_A_TIME_S = 10**9
os.setuid(65534) if os.getuid() == 0 else None
"""
SPIN = """
realtime.resource.setrlimit(resource.RLIMIT_RTTIME, (100_000, 100_000))
while True: pass
"""


def ran(limit: str = "", then: str = "") -> subprocess.CompletedProcess[str]:
    code = CODE.format(limit=limit, then=then)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


def test_a_worker_is_scheduled_in_real_time_or_says_why_not() -> None:
    refused, realtime = ran().stdout.split()
    assert refused != realtime


def test_where_it_is_not_allowed_the_worker_goes_on() -> None:
    done = ran(NOT_ALLOWED)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "False"])


def test_a_worker_that_computes_without_a_pause_is_ended_by_the_kernel() -> None:
    done = ran(then=f"if os.sched_getscheduler(0) != os.SCHED_RR: sys.exit({-int(signal.SIGKILL)})" + SPIN)
    assert done.returncode in (-signal.SIGKILL, 256 - signal.SIGKILL)
