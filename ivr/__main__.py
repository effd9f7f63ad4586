"""`ivr` and `python -m ivr`."""

from __future__ import annotations

import sys

from ivr.cli import main

if __name__ == "__main__":
    sys.exit(main())
