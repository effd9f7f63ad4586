"""Where a call ends for those who compare calls: with the closing line, whatever is asked after it."""

from __future__ import annotations

import pytest

from ivr.call.closing import closing_line_out_ms
from ivr.model.call import LogEntry

BEFORE = ("turn.said", "turn.prompted", "turn.keys")


def log(*kinds: str) -> list[LogEntry]:
    """A second apart."""
    return [
        LogEntry(call_id="c", seq=at, at="", at_ms=at * 1000, kind=kind, data={}) for at, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize("after", [(), ("turn.said",), ("turn.said", "turn.prompted", "offer.survey", "dialog.ended")])
def test_a_question_after_the_goodbye_moves_no_end(after: tuple[str, ...]) -> None:
    unasked = log(*BEFORE, "dialog.ended", "turn.said", "turn.prompted")
    asked = log(*BEFORE, "dialog.closing", "turn.said", "turn.prompted", *after)
    assert closing_line_out_ms(asked) == closing_line_out_ms(unasked) == 6000


@pytest.mark.parametrize("kind", ["dialog.ended", "dialog.closing"])
def test_whoever_hangs_up_in_the_goodbye_has_not_heard_it(kind: str) -> None:
    assert closing_line_out_ms(log(*BEFORE, kind, "turn.said")) is None
    assert closing_line_out_ms(log(*BEFORE)) is None
