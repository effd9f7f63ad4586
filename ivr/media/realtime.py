"""Audio before everything else on the machine: the scheduling of a media worker.

Owns the class a media worker is scheduled in. A frame is due every 20 ms and takes a fraction of one; a decode that has
the core for 50 ms is heard as a gap. So a worker is a real-time process where that is allowed (root, CAP_SYS_NICE, or
LimitRTPRIO of systemd), as Asterisk and FreeSWITCH are, and an ordinary one elsewhere. One that computes without a
pause must not take the machine with it: the kernel ends it.
"""

from __future__ import annotations

import os
import resource

PRIORITY = 1  # any is above all ordinary processes
MOST_AT_A_TIME_S = 2  # of computing without waiting for anything: no honest round takes a hundredth of it


def go_first() -> str:
    """Schedule this thread, and those it starts from now on, in real time. Returns why not, "" when it is so."""
    most_us = MOST_AT_A_TIME_S * 1_000_000
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (most_us, most_us))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except (OSError, ValueError) as error:
        return str(error)
    return ""
