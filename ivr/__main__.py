"""`ivr` and `python -m ivr`."""

from __future__ import annotations

import os
import sys

# Before anything loads numpy: its thread pools only take time from the calls, and memory from everybody.
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(pool, "1")

from ivr.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
