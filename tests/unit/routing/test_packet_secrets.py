"""What a caller said in confidence stands nowhere in a packet, in whatever form it was said."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from typing import Any

from ivr.model.identity import Customer, Identity, Level
from ivr.model.offers import OfferDecision, OfferScript
from ivr.routing.packet import HIDDEN, MAX_BYTES, HandoffContext, build_packet, packet_bytes
from ivr.routing.schema import packet_faults

EMPTY = HandoffContext(
    context_id="01KAJ8F3KQZX5T0V9W2R7M4N6P",
    call_id="01KAJ8F3KQZX5T0V9W2R7M4N6Q",
    sip_call_id="abc@192.0.2.7",
    ani="+14155550123",
    dnis="+14155550100",
    language="en",
    started_at="2026-11-21T10:00:00Z",
    bot_s=94,
    identity=Identity(),
    queue="claims",
    reason="asked",
    expires_at="2026-11-21T14:00:00Z",
)
SECRETS = ("7391", "884216", "Marigold", "7391 6620", "птица", "4242424242424242")
WORDS = ("my", "code", "is", "claim", "дача", "😀", "204518", "please", "\r\n", '"', "please " * 30)


def said(draw: random.Random, secret: str) -> str:
    """As people say and recognisers write it: whole, in groups, digit by digit, in capitals."""
    spoken = draw.choice([secret, " ".join(secret), "-".join(secret), secret.upper(), f"{secret[:2]}, {secret[2:]}"])
    words = [draw.choice(WORDS) for _ in range(draw.randint(0, 9))]
    words.insert(draw.randint(0, len(words)), spoken)
    return " ".join(words)


def random_call(draw: random.Random, secrets: tuple[str, ...]) -> HandoffContext:
    def text() -> str:
        return said(draw, draw.choice(secrets))

    def texts(most: int) -> tuple[str, ...]:
        return tuple(text() for _ in range(draw.randint(0, most)))

    customer = Customer(
        customer_id="C1",
        household="H1",
        name="Anna " + "Я" * draw.randint(0, 99),
        flags=draw.choice([(), ("vulnerable",), ("no_offers",)]),
        owns=tuple(f"product_{n}" for n in range(draw.randint(0, 20))),
    )
    script = OfferScript(ask="a" * 300, pitch="p" * 300, confirm="c" * 300, accepted="", declined="")
    arm = draw.choice(["treat", "holdout", "none"])
    offer = OfferDecision(
        opportunity_id="O", arm=arm, speak=arm == "treat", household="H1", product="furniture", script=script
    )
    return replace(
        EMPTY,
        identity=Identity(level=draw.choice(list(Level)), customer=draw.choice([None, customer]), evidence=("ani",)),
        reason=text(),
        intent=draw.choice(["", "claim_status"]),
        slots={draw.choice([f"slot_{n}", text()]): text() for n in range(draw.randint(0, 25))},
        caller_words=text(),
        status=draw.choice(["resolved", "informed", "failed", "open"]),
        why=text(),
        tried=texts(12),
        requests=tuple({"intent": one, "result": "resolved"} for one in texts(12)),
        contacts=tuple({"at": "2026-11-20", "why": one, "ended": one, "by": one} for one in texts(5)),
        offer=draw.choice([None, offer]),
        offer_why=text(),
        no_offers=draw.random() < 0.3,
        promise=text(),
        next_step=text(),
        secrets=frozenset(secrets),
    )


def forms(secret: str) -> re.Pattern[str]:
    letters = [re.escape(letter) for letter in secret if not letter.isspace()]
    return re.compile(r"[^\w]*".join(letters), re.IGNORECASE)


def every_text(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in every_text(part)]
    if isinstance(value, list):
        return [text for item in value for text in every_text(item)]
    return [value] if isinstance(value, str) else []


def test_no_secret_of_a_hundred_random_calls_stands_anywhere_and_every_packet_is_valid_and_small() -> None:
    draw, masked = random.Random(20261122), 0
    for _ in range(100):
        secrets = tuple(draw.sample(SECRETS, draw.randint(1, 3)))
        context = random_call(draw, secrets)
        packet = build_packet(context)
        assert packet_faults(packet) == ()
        assert packet_bytes(packet) <= MAX_BYTES
        texts = every_text(packet)
        for form in map(forms, secrets):
            found = [text for text in texts if form.search(text)]
            assert not found, (form.pattern, found)
        masked += sum(HIDDEN in text for text in texts)
        offer = packet["offer"]
        if context.no_offers or context.offer is None or context.offer.arm != "treat":
            assert offer["hint"] == offer["script"] == "" and "furniture" not in json.dumps(packet)
        if context.identity.level < Level.L2:
            assert "Anna" not in json.dumps(packet)
    assert masked > 500


def test_a_secret_at_the_edge_of_a_cut_leaves_no_half_of_itself() -> None:
    words = "x" * 297 + "884216"
    assert "8842" not in json.dumps(build_packet(replace(EMPTY, caller_words=words, secrets=frozenset({"884216"}))))


def test_what_identifies_the_call_stays_even_if_a_secret_looks_like_a_part_of_it() -> None:
    packet = build_packet(replace(EMPTY, secrets=frozenset({"2026", "555"})))
    assert (packet["call"]["ani"], packet["expires"]) == ("+14155550123", "2026-11-21T14:00:00Z")
    assert packet_faults(packet) == ()
