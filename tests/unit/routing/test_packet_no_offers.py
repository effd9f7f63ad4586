"""Who wants no offers gets none from an agent either, whenever they said so."""

from __future__ import annotations

from dataclasses import replace

from ivr.routing.packet import build_packet
from ivr.routing.schema import packet_faults
from tests.unit.routing.test_packet import CONTEXT, OFFER


def test_an_agent_is_told_of_a_refusal_of_this_or_an_earlier_call_and_given_nothing_to_sell() -> None:
    packet = build_packet(replace(CONTEXT, offer=OFFER, no_offers=True))
    assert packet_faults(packet) == ()
    assert packet["customer"]["no_offers"] is True
    assert (packet["offer"]["hint"], packet["offer"]["script"], packet["offer"]["blocked_by"]) == ("", "", "g.optout")
    open_to_it = build_packet(replace(CONTEXT, offer=OFFER))
    assert open_to_it["customer"]["no_offers"] is False
    assert open_to_it["offer"]["hint"] == OFFER.product
