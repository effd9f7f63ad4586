"""What follows a yes to an offer, as the caller hears it: thanks, and where the product says so a colleague at once.

Owns that whoever was to be put through, and was not, hears who calls instead. That somebody owes that call, and that an
order is written down, is seen to elsewhere.
"""

from __future__ import annotations

from ivr.dialog.handing_over import hand_over
from ivr.dialog.run import Run
from ivr.dialog.stack import follow
from ivr.dialog.steps import NEXT
from ivr.model.fulfilment import SettleAcceptance, queue_of
from ivr.model.offers import OfferDecision, OfferScript

ACCEPTED = "accepted an offer"
"""Why a human, in the packet: who takes the call does not ask again."""


def take_yes(run: Run, decision: OfferDecision, script: OfferScript) -> None:
    """The caller accepted, and that is recorded."""
    run.say_text(script.accepted, "offer.accepted")
    queue = queue_of(decision.fulfil)
    if not queue:
        follow(run, NEXT)
        return
    run.change(accepted=decision)
    accepted = {"product": decision.product, "title": decision.title, "price": decision.price}
    hand_over(run, queue, ACCEPTED, more={"accepted": accepted})


def settle(run: Run, *, taken: bool) -> None:
    """Putting the caller through ended so. taken: somebody speaks with the caller."""
    decision = run.session.accepted
    if decision is None:
        return
    run.emit(SettleAcceptance(decision=decision, taken=taken))
    if not taken:
        run.change(accepted=None)
        if decision.script is not None and decision.script.otherwise:
            run.say_text(decision.script.otherwise, "offer.otherwise")
