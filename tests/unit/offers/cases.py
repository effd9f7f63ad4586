"""Facts and catalogues the offer tests start from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ivr.model.identity import Customer, Level
from ivr.offers.gate import OfferFacts, OfferHistory

ROOT = Path(__file__).parents[3]
OFFERS = ROOT / "dialogs" / "insurance" / "offers.yml"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

DACHA_OWNER = Customer(
    customer_id="C1001", household="H1001", name="Anna Hill", lines=("dacha",), profile={"birth_date": "1980-05-04"}
)

OPEN_GATE = OfferFacts(
    customer=DACHA_OWNER,
    level=Level.L1,
    language="en",
    intent="claim_status",
    other_intents=(),
    resolved=True,
    confirmed=True,
    bot_disclosed=True,
    recorded=False,
    repairs=0,
    recent_failures=0,
    agent_requested=False,
    negative_words=(),
    vulnerable_words=(),
    latency_p95_ms=0,
    open_ticket=False,
    waited_s=0.0,
    call_ms=60_000,
    load=0.1,
    overflow=False,
    consent_can_be_asked=False,
    history=OfferHistory(),
    now=NOW,
    group="",
    suspended=frozenset(),
    stopped="",
)


def write_catalogue(folder: Path, *changes: tuple[str, str]) -> Path:
    """The shipped catalogue with texts replaced; each must occur."""
    text = OFFERS.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "offers.yml"
    path.write_text(text, encoding="utf-8")
    return path
