"""Objections and proofs told by others: "no offers" holds whatever was said; a yes nobody can have given is none."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from tests.unit.web.test_web_offers import ASKED, CALL, CATALOGUE, CUSTOMER, decided, desk, proof, told

AT = "2026-11-22T10:00:00.000Z"
NEXT = {**ASKED, "key": "next", "customer": {**CUSTOMER, "id": "C2"}}
SILENT = {"holdout": ASKED, "closed gate": {**ASKED, "call": {**CALL, "resolved": False}}}


@pytest.mark.parametrize("silent", SILENT)
@pytest.mark.parametrize("said", [{"answer": "never_again"}, {"outcomes": {"optout": 1}}])
async def test_no_offers_holds_also_when_nothing_was_to_be_said(
    serve: Any, store: Store, silent: str, said: dict[str, Any]
) -> None:
    """Three posts: a conversation in which nothing is said, the objection in it, the household's next conversation."""
    share = {"of": 1.0 if silent == "holdout" else 0.0}
    client = await serve(offers=lambda: OfferDesk(CATALOGUE, "s", share["of"]))
    first = await decided(client, SILENT[silent])
    assert first["speak"] is False
    answer = await told(client, {"opportunity": first["opportunity"], **said})
    assert answer["answered"] is False, "an objection is no answer to an offer nobody heard"
    share["of"] = 0.0
    after = await decided(client, NEXT)
    assert (after["speak"], "g.optout" in after["closed_by"]) == (False, True)
    [objection] = await store.objections("H1")
    assert (objection.what, objection.by, objection.call_id) == ("refused", "api", "1")


async def test_no_offers_told_with_the_conversation_closes_it_and_all_later_ones(serve: Any) -> None:
    client = await serve(offers=desk)
    assert (await decided(client, ASKED))["speak"] is True
    unwanted = {**ASKED, "call": {**CALL, "no_offers": True}}
    assert (await decided(client, unwanted))["speak"] is False, "the same conversation, a moment later"
    assert "g.optout" in (await decided(client, NEXT))["closed_by"]
    stranger = {"key": "stranger", "call": {**CALL, "id": "9", "no_offers": True}}
    heard = await decided(client, stranger)
    assert "g.optout" in heard["closed_by"]
    lost = await told(client, {"opportunity": heard["opportunity"], "answer": "never_again"}, 409)
    assert "nobody was known" in lost["error"], "an objection that cannot be kept is not taken for kept"


async def test_who_accepted_and_then_objects_keeps_both(serve: Any, store: Store) -> None:
    client = await serve(offers=desk)
    opportunity = (await decided(client, ASKED))["opportunity"]
    await told(client, {"opportunity": opportunity, "answer": "accepted", "proof": proof()})
    await told(client, {"opportunity": opportunity, "answer": "never_again"})
    assert (await store.opportunity(opportunity)).answer == "accepted"  # type: ignore[union-attr]
    assert await store.opted_out("H1")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"asked_at": "2030-01-01T00:00:00Z", "answered_at": "2030-01-01T00:00:01Z"}, "in the future"),
        ({"answered_at": "2001-01-01T00:00:00Z"}, "answered_at is before asked_at"),
        ({"asked_at": "2001-01-01T00:00:00Z"}, "before the offer was decided"),
        ({"asked_at": "2026-11-22T10:00:00"}, "offset from UTC"),
        ({"read_back": "Shall a colleague call you about furniture cover?"}, "whole price"),
        ({"read_back": "Furniture cover for 13.90 a month"}, "whole price"),
    ],
)
async def test_a_yes_nobody_can_have_given_is_refused(
    serve: Any, store: Store, change: dict[str, Any], why: str
) -> None:
    client = await serve(offers=desk)
    yes = {"opportunity": (await decided(client, ASKED))["opportunity"], "answer": "accepted"}
    assert why in (await told(client, {**yes, "proof": proof(**change)}, 422))["error"]
    assert (await store.experiment_rows())[0].answer == ""
    await told(client, {**yes, "proof": proof(read_back="Furniture cover for 3.90 a month")})


async def test_who_objected_under_another_name_and_who_needs_care_are_offered_nothing(serve: Any, store: Store) -> None:
    """A letter names the customer, a call knows the household; an agent noted earlier that one needs care."""
    client = await serve(offers=desk)
    await store.opt_out("C1", AT, "", "ann")
    assert (await decided(client, ASKED))["closed_by"] == ["g.optout"]
    await store.note_care("C2", AT, "a17", "01A")
    assert (await decided(client, NEXT))["closed_by"] == ["g.vulnerable"]
    assert await store.clear_care("C2", AT, "boss")
    assert (await decided(client, {**NEXT, "key": "later"}))["speak"] is True
