"""What follows a yes: somebody owes the caller a call, a transfer, or a message with an order, and it is written down
in the transaction of the yes.

Owns which of them is possible before the offer is made, and that a colleague calls wherever the rest comes to nothing:
nobody took the caller, the call broke off, no message went out. No money is moved by any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.call.journal import Journal, wall_clock
from ivr.call.surroundings import Surroundings
from ivr.config import Settings
from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.engine import Session
from ivr.model.call import Callback
from ivr.model.errors import ServiceError
from ivr.model.fulfilment import LEAD, ORDER, Following, Fulfilment, FulfilState, queue_of
from ivr.model.identity import TextMessage
from ivr.model.ids import new_id
from ivr.model.offers import OfferDecision
from ivr.offers.catalogue import Product
from ivr.offers.fulfilment import ORDER_NUMBER
from ivr.storage.offers import StoredOffer

ORDER_DIGITS = 8
"""Of an order's number: letters and digits of its ULID's random part, enough to be told apart and short to write."""


class FollowUp:
    """What follows the yes of one call. text_to() is the number this caller's messages go to, "" = nowhere. promised:
    was a call promised?"""

    def __init__(
        self,
        call_id: str,
        house: Surroundings,
        journal: Journal,
        session: Callable[[], Session],
        text_to: Callable[[], str],
    ) -> None:
        self._call_id, self._house, self._journal = call_id, house, journal
        self._session, self._text_to = session, text_to
        self._open: Fulfilment | None = None  # not settled yet
        self._settling = asyncio.Lock()
        self.promised = False

    def possible(self, decision: OfferDecision) -> OfferDecision:
        """The decision as it can be kept: where nobody is at the queue's name, or no message can be sent, a colleague
        calls, and the caller is told that instead."""
        script, queue = decision.script, queue_of(decision.fulfil)
        no_queue = bool(queue) and queue not in self._house.routing.queues
        no_text = decision.fulfil == ORDER and not self._text_to()
        if script is None or not (no_queue or no_text):
            return decision
        what = f"no queue {queue}" if no_queue else "no number or no gateway for a message"
        self._journal.note("trouble", where="offers", what=f"a yes is followed by a call: {what}")
        return replace(decision, fulfil=LEAD, script=replace(script, accepted=script.otherwise or script.accepted))

    def following(self, decision: OfferDecision) -> Following | None:
        """What is stored with the yes; None when the product is gone from the catalogue, whose terms nobody knows."""
        product = self._house.offers.catalogue.products.get(decision.product)
        if product is None:
            return None
        session, order = self._session(), decision.fulfil == ORDER
        found = fulfilment_of(
            decision,
            product,
            call_id=self._call_id,
            customer_id=session.customer.customer_id if session.customer else "",
            language=session.language,
            number=(self._text_to() if order else "") or session.caller.ani or self._text_to(),
        )
        if order:
            return Following(
                fulfilment=replace(found, state=FulfilState.ORDERING, order_id=new_id()[-ORDER_DIGITS:], callback_id="")
            )
        if queue_of(decision.fulfil):
            return Following(fulfilment=replace(found, state=FulfilState.TRANSFERRING, callback_id=""))
        return Following(fulfilment=found, callback=lead_of(found, self._within_s))

    async def accepted(self, decision: OfferDecision, following: Following) -> None:
        """The yes is stored with what follows: note it, and send what is to be sent."""
        found = following.fulfilment
        told = {"opportunity": found.opportunity_id, "product": found.product, "order": found.order_id}
        self._journal.note("offer.followed", **told, state=found.state.value)
        if following.callback is not None:
            self._note_promise(following.callback)
            return
        self._open = found
        if found.state is FulfilState.ORDERING:
            await self._order(found, decision.script.sms if decision.script is not None else "")

    async def settle(self, *, taken: bool) -> None:
        """The caller was put through; or not, or the call is over: then a colleague calls."""
        async with self._settling:
            found, self._open = self._open, None
            if found is None or found.state is FulfilState.ORDERING:
                return
            if taken:
                await self._now(found, FulfilState.TRANSFERRED)
                # a queue that took the caller may still hang up at once
                self._open = replace(found, state=FulfilState.TRANSFERRED)
            else:
                await self._lead(found)

    async def ended(self, *, with_human: bool) -> None:
        """The call is over. with_human: somebody had taken it."""
        if self._open is not None and self._open.state is FulfilState.TRANSFERRING:
            await self.settle(taken=with_human)

    async def _order(self, found: Fulfilment, text: str) -> None:
        order = found.order_id
        message = TextMessage(
            message_id=f"{found.opportunity_id}-order",
            number=found.number,
            language=found.language,
            kind="order",
            text=text.replace(ORDER_NUMBER, order),
            code=order,
        )
        self._open = None
        try:
            await self._house.identity.send(message)
        except ServiceError as error:
            self._journal.note("trouble", where="offers", what=f"no message about order {order}: {error}")
            await self._lead(found)
        else:
            await self._now(found, FulfilState.PENDING)

    async def _now(self, found: Fulfilment, state: FulfilState) -> None:
        if await self._house.store.settle_fulfilment(found.opportunity_id, state):
            self._journal.note("offer.followed", opportunity=found.opportunity_id, state=state.value)

    async def _lead(self, found: Fulfilment) -> None:
        callback = lead_of(found, self._within_s)
        if await self._house.store.settle_fulfilment(found.opportunity_id, FulfilState.LEAD, callback):
            self._journal.note("offer.followed", opportunity=found.opportunity_id, state=FulfilState.LEAD.value)
            self._note_promise(callback)

    def _note_promise(self, callback: Callback) -> None:
        self.promised = True
        self._journal.note("callback.promised", callback=callback.callback_id, deadline=callback.deadline)

    @property
    def _within_s(self) -> int:
        return called_within_s(self._house.assistant, self._house.settings)


def called_within_s(assistant: Assistant, settings: Settings) -> int:
    """Within how many seconds callers are called back: as the assistant's flows say it, else the operator's limit."""
    steps = (step for flow in assistant.flows.values() for step in flow.steps.values())
    said = [step.within_ms // 1000 for step in steps if isinstance(step, st.CallbackStep)]
    return min(said, default=settings.limits.callback_s)


def led(stored: StoredOffer, product: Product | None, number: str, within_s: int) -> Following | None:
    """A colleague calls about what an agent sold, unless the agent concludes it, and says so."""
    if product is None:
        return None
    found = _of_stored(stored, product, number)
    return Following(fulfilment=found, callback=lead_of(found, within_s))


def seen_to_elsewhere(stored: StoredOffer, product: Product | None) -> Following | None:
    """Another system made the offer, and sees to what follows; whoever wants to know is told."""
    if product is None:
        return None
    found = _of_stored(stored, product, "")
    return Following(fulfilment=replace(found, state=FulfilState.ELSEWHERE, callback_id=""))


def _of_stored(stored: StoredOffer, product: Product, number: str) -> Fulfilment:
    return fulfilment_of(
        stored.decision,
        product,
        call_id=stored.call_id,
        customer_id=stored.customer_id,
        language=str(stored.facts.get("language", "")),
        number=number,
    )


def fulfilment_of(
    decision: OfferDecision, product: Product, *, call_id: str, customer_id: str, language: str, number: str
) -> Fulfilment:
    """A call by a colleague, which is what follows unless something better does."""
    return Fulfilment(
        opportunity_id=decision.opportunity_id,
        call_id=call_id,
        customer_id=customer_id,
        household=decision.household,
        product=decision.product,
        title=product.titles.get(language, "") or product.product_id,
        amount=f"{product.price.amount:.2f}",
        currency=product.price.currency,
        period=product.price.period.value,
        language=language,
        number=number,
        fulfil=product.fulfil,
        state=FulfilState.LEAD,
        at=wall_clock(),
        callback_id=new_id(),
    )


def lead_of(found: Fulfilment, within_s: int) -> Callback:
    """The promise that a colleague calls about what was accepted."""
    return Callback(
        callback_id=found.callback_id or new_id(),
        call_id=found.call_id,
        number=found.number,
        customer_id=found.customer_id,
        reason=found.title,
        promised_at=wall_clock(),
        deadline=(datetime.now(UTC) + timedelta(seconds=within_s)).isoformat(timespec="seconds"),
        language=found.language,
        opportunity_id=found.opportunity_id,
    )
