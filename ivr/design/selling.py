"""What stands in offers.yml and can be, but is seldom meant: every finding here is a warning.

Owns what a designer may have overlooked, with the requests and languages of the assistant the offers are for. What can
never be said to a caller is refused where the file is read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Node, did_you_mean
from ivr.offers.catalogue import Catalogue, Product
from ivr.offers.eligibility import Eligibility, named

_KEY_ONE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(one|1)\b", re.IGNORECASE),
    "ru": re.compile(r"\b(один|единиц\w+|1)\b", re.IGNORECASE),
}
SHORTEST_STEM = 4
LONGEST_ENDING = 3
"""Letters: what a Russian ending may change of a word."""


def check(top: Node, catalogue: Catalogue, assistant: Assistant) -> None:
    """Add a warning for everything in offers.yml that is probably a slip. top: the file the catalogue was read from."""
    _languages(top, catalogue, assistant)
    _gate(top, catalogue)
    _experiment(top, catalogue, assistant)
    if not catalogue.products:
        _warn(
            top, ("products",), "there is nothing to offer", "Add a product, or remove offers.yml.", code="offer-none"
        )
    for name, product in catalogue.products.items():
        _product(top, ("products", name), product, catalogue)
    _intents(top, assistant)
    for path, expression in _expressions(catalogue):
        _expression(top, path, expression, catalogue, assistant)


def _warn(top: Node, path: tuple[str, ...], what: str, fix: str, *, code: str) -> None:
    """At the deepest part of path the file has."""
    node, place = top, top
    for part in path:
        if not node.has(part):
            break
        place, deeper = node.key(part), node.get(part)
        if deeper is None:
            break
        node = deeper
    place.fault(code, what, fix, "warning")


def _languages(top: Node, catalogue: Catalogue, assistant: Assistant) -> None:
    for language in sorted(set(assistant.languages) - set(catalogue.languages)):
        what = f"callers in {language} are never offered anything"
        _warn(top, ("languages",), what, f"Add {language} to languages, with its texts.", code="offer-languages")
    for language in sorted(set(catalogue.languages) - set(assistant.languages)):
        fix = f"Remove it; dialog.yml has {', '.join(assistant.languages)}."
        _warn(top, ("languages",), f"the assistant does not speak {language}", fix, code="offer-languages")


def _gate(top: Node, catalogue: Catalogue) -> None:
    limits = catalogue.terms.limits
    if not limits.never_intents:
        what = "no request keeps offers away, not even a complaint"
        _warn(top, ("gate", "never_intents"), what, "Name some, as never_intents: [complaint].", code="offer-always")
    for word in ("offers_per_30d", "offers_per_365d"):
        if getattr(limits, word) == 0:
            fix = "Write 1 or more, or remove offers.yml."
            _warn(top, ("gate", word), "nobody is ever offered anything", fix, code="offer-never")


def _experiment(top: Node, catalogue: Catalogue, assistant: Assistant) -> None:
    terms = catalogue.experiment
    if terms is None:
        what = "nothing is decided beforehand: no group gets a verdict, and no harm switches offers off"
        _warn(top, ("experiment",), what, "Add experiment: with its groups.", code="offer-experiment")
        return
    for group in terms.plan.groups:
        if catalogue.ranking == "rules" and group not in catalogue.rules and "else" not in catalogue.rules:
            what = f"no order for {group}: there the highest margin x prior acceptance is offered"
            _warn(top, ("rules",), what, f"Add {group}: or else: with products, best first.", code="offer-order")
    if catalogue.rules and catalogue.ranking != "rules":
        what = f"nobody goes by these: the ranking is {catalogue.ranking}"
        _warn(top, ("rules",), what, "Write ranking: rules, or remove rules.", code="offer-unused")
    written = top.get("experiment")
    if written is not None and not written.has("complaints"):
        for intent in sorted(set(terms.complaints) - set(assistant.intents)):
            what = f"no intent {intent!r}: nobody can be heard complaining, and the report cannot tell complaints"
            fix = "Add the intent, or name yours: complaints: [...]."
            _warn(top, ("experiment",), what, fix, code="unknown-intent")


def _product(top: Node, at: tuple[str, ...], product: Product, catalogue: Catalogue) -> None:
    if product.margin == 0.0:
        what = "an acceptance is worth nothing: it is offered after all others, and counts as no revenue"
        _warn(top, (*at, "margin"), what, "Write what one acceptance is worth.", code="offer-margin")
    never = product.relevant_after & catalogue.terms.limits.never_intents
    for intent in sorted(never):
        what = f"nothing is offered in a call about {intent}: gate.never_intents has it"
        _warn(top, (*at, "relevant_after"), what, "Remove it from one of the two.", code="offer-never-after")
    if product.replaces:
        _owned(top, (*at, "replaces"), {product.replaces}, catalogue)
    for language, script in product.scripts.items():
        where = (*at, "script", language)
        for part in ("ask", "confirm"):
            if "?" not in getattr(script, part):
                what = f"{language}: {part} asks nothing, and an answer is waited for"
                _warn(top, (*where, part), what, "End it with a question.", code="offer-question")
        if not _names(script.confirm, product.titles.get(language, "")):
            what = f"{language}: the caller is asked for a yes without hearing to what"
            _warn(top, (*where, "confirm"), what, "Write {product} into confirm.", code="offer-unread")
        if language in _KEY_ONE and not _KEY_ONE[language].search(script.confirm):
            what = f"{language}: the caller is not told that key 1 is a yes"
            _warn(top, (*where, "confirm"), what, "Say so, as in: say yes or press one.", code="offer-key")


def _names(text: str, title: str) -> bool:
    """Does a text name a product, in whatever case?"""
    words = [word for word in title.lower().split() if len(word) >= SHORTEST_STEM] or title.lower().split()
    return all(word[: max(SHORTEST_STEM, len(word) - LONGEST_ENDING)] in text.lower() for word in words)


def _intents(top: Node, assistant: Assistant) -> None:
    """Requests the lists name."""
    products, experiment, gate = (top.get(word) for word in ("products", "experiment", "gate"))
    lists = [node.get("relevant_after") for _, node in products.items()] if products else []
    lists += [gate.get("never_intents") if gate else None, experiment.get("complaints") if experiment else None]
    for entry in (entry for each in lists if each is not None and each.is_list() for entry in each.entries()):
        if entry.value not in assistant.intents:
            hint = did_you_mean(str(entry.value), assistant.intents)
            entry.fault("unknown-intent", f"no intent {entry.value!r}", hint, "warning")


def _expressions(catalogue: Catalogue) -> Iterator[tuple[tuple[str, ...], Eligibility]]:
    for name, product in catalogue.products.items():
        yield ("products", name, "eligible"), product.eligible
    for group, condition in catalogue.experiment.grouping.conditions.items() if catalogue.experiment else ():
        yield ("experiment", "groups", group), condition


def _expression(
    top: Node, path: tuple[str, ...], expression: Eligibility, catalogue: Catalogue, assistant: Assistant
) -> None:
    _owned(top, path, named(expression.text, "owns"), catalogue)
    for intent in sorted(named(expression.text, "intent") - set(assistant.intents)):
        hint = did_you_mean(intent, assistant.intents)
        _warn(top, path, f"no intent {intent!r}", hint, code="unknown-intent")


def _owned(top: Node, path: tuple[str, ...], names: frozenset[str] | set[str], catalogue: Catalogue) -> None:
    written = top.get("owned")
    elsewhere = written.texts() if written is not None and written.is_list() else ()
    for name in sorted(names - {*catalogue.products, *elsewhere}):
        near = difflib.get_close_matches(name, catalogue.products, n=1)
        fix = f"Did you mean {near[0]!r}?" if near else f"Name it, if customers can have it: owned: [{name}]."
        _warn(top, path, f"no product {name!r}", fix, code="unknown-product")
