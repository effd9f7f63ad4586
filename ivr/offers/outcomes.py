"""What may be told of an opportunity afterwards, and in which range: for the API and for files alike."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ivr.model.offers import Stated

RANGES: Mapping[str, tuple[float, float]] = {
    "csat": (1.0, 5.0),
    "csat_asked": (0.0, 1.0),
    "stated": (1.0, 3.0),
    "stated_asked": (0.0, 1.0),
    "early_hangup": (0.0, 1.0),
    "optout": (0.0, 1.0),
    "complaint_14d": (0.0, 1.0),
    "repeat_7d": (0.0, 1.0),
    "cancelled_30d": (0.0, 1.0),
    "churned_90d": (0.0, 1.0),
    "aht_s": (0.0, 86_400.0),
    "revenue_30d": (-1e9, 1e9),
}
"""Outcome -> least and most. What ranges from 0 to 1 is yes or no; stated is one of ivr.model.offers.Stated."""


def complaint_about(outcome: str, value: float) -> str:
    """Why this cannot be told; "" when it can."""
    if outcome not in RANGES:
        return f"unknown outcome {outcome!r}; known: {', '.join(RANGES)}"
    least, most = RANGES[outcome]
    if not math.isfinite(value) or not least <= value <= most:
        return f"{outcome} is between {least:g} and {most:g}, not {value:g}"
    if (least, most) == (0.0, 1.0) and value not in (0.0, 1.0):
        return f"{outcome} is 0 or 1, not {value:g}"
    if outcome == "csat" and not value.is_integer():
        return f"csat is a whole grade from 1 to 5, not {value:g}"
    if outcome == "stated" and value not in set(Stated):
        return f"stated is {', '.join(f'{each} ({each.name.lower()})' for each in Stated)}, not {value:g}"
    return ""
