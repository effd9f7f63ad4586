"""What follows a yes to an offer, held against the rest of the house: queues that are there, a gateway for messages,
and words that speak of what really follows."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialog.source import Node, did_you_mean
from ivr.model.fulfilment import LEAD, ORDER, queue_of
from ivr.offers.catalogue import Catalogue
from ivr.offers.fulfilment import speaks_of
from ivr.routing.plan import RoutingPlan


def check(top: Node, catalogue: Catalogue, plan: RoutingPlan | None, *, sends_texts: bool) -> None:
    """top: offers.yml, which is this catalogue. plan: None where nobody takes calls, which is another fault."""
    products = top.get("products")
    for name, node in products.items() if products is not None else ():
        fulfil, given = node.get("fulfil"), catalogue.products[name].fulfil
        if fulfil is None:
            continue
        queue = queue_of(given)
        if queue and plan is not None and queue not in plan.queues:
            what = f"no queue {queue!r} in routing.yml: nobody could take a caller who said yes"
            fulfil.fault("unknown-queue", what, did_you_mean(queue, plan.queues))
        if given == ORDER and not sends_texts:
            what = "no gateway for messages is set, so that a colleague calls instead"
            fulfil.fault("offer-fulfil", what, "Set [identity] gateway in ivr.toml, or write fulfil: lead.", "warning")
        for words, kind, language in _told(node, given):
            if not speaks_of(kind, language, str(words.value)):
                what = f"{language}: this does not say what follows, which is {kind}"
                words.fault("offer-fulfil", what, "Tell the caller who does what next.", "warning")


def _told(product: Node, fulfil: str) -> Iterator[tuple[Node, str, str]]:
    """What is said after a yes, with what it has to speak of, and its language."""
    script = product.get("script")
    for language, texts in script.items() if script is not None else ():
        for part, kind in (("accepted", fulfil), ("otherwise", LEAD)):
            words = texts.get(part)
            if words is not None:
                yield words, kind, language
