"""What may be offered: products with their price, margin, conditions and words, read from offers.yml.

Owns the meaning of the file and every check that can be made before a call; knows nothing of a particular call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ivr.document import Document, Location
from ivr.model.errors import DesignError
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferScript
from ivr.offers import fulfilment
from ivr.offers.catalogue_file import CatalogueShape, GateShape, ProductShape
from ivr.offers.consent import ADS_CONSENT
from ivr.offers.eligibility import Eligibility, named
from ivr.offers.gate import GateLimits, GateTerms
from ivr.offers.packs import PolicyPack, load_pack, pack_names
from ivr.offers.price import Price, currencies, speak
from ivr.offers.script import DISCLOSURES, Wording, complaints, consent_complaints, render
from ivr.offers.terms import ExperimentTerms, Problem, terms_of
from ivr.offers.terms import problems as terms_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorAccept:
    """The designer's honest guess of acceptance: mean 0..1, worth `strength` observed offers."""

    mean: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One thing to offer. margin: value of one acceptance, in the catalogue's currency; never spoken.

    fulfil: "lead" | "order_pending_sms" | "warm_transfer:<queue>"; there is no way to charge anybody.
    titles and scripts: language -> words. disclosures: what must be told with it (script.DISCLOSURES).
    """

    product_id: str
    line: str
    margin: float
    prior: PriorAccept
    eligible: Eligibility
    relevant_after: frozenset[str]
    level: Level
    licensed_agent: bool
    recording: bool
    fulfil: str
    price: Price
    replaces: str
    titles: Mapping[str, str]
    scripts: Mapping[str, OfferScript]
    disclosures: tuple[str, ...] = ()

    def price_words(self, language: str) -> str:
        """The price as it is said."""
        return speak(self.price, language)

    def relation(self, customer: Customer) -> str:
        """ "upgrade" of what is owned, "cross" within a line the customer has, otherwise "up"."""
        if self.replaces and self.replaces in customer.owns:
            return "upgrade"
        return "cross" if self.line in customer.lines else "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All products in the file's order, and the terms every offer is held against. pin: product id or "". rules: group
    or "else" -> products, best first, for the ranking of that name."""

    currency: str
    languages: tuple[str, ...]
    products: Mapping[str, Product]
    terms: GateTerms
    ranking: str
    pin: str
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    experiment: ExperimentTerms | None = None

    def listening_for(
        self, *, negative: Mapping[str, tuple[str, ...]], vulnerable: Mapping[str, tuple[str, ...]]
    ) -> Catalogue:
        """The same, with the words after which nothing is offered: language -> phrases, as the assistant has them."""
        limits = replace(self.terms.limits, negative_words=negative, vulnerable_words=vulnerable)
        return replace(self, terms=replace(self.terms, limits=limits))


def load_catalogue(path: Path) -> Catalogue:
    """The catalogue of offers.yml. Raises DesignError with every fault: unknown names, missing languages, missing
    disclosures, amounts in the words, expressions that cannot be."""
    document = Document(path)
    shape = document.parse(CatalogueShape)
    faults = [document.fault(*found) for found in _problems(shape)]
    if faults:
        raise DesignError(tuple(sorted(faults)))
    packs = tuple(load_pack(name) for name in shape.policy)
    products = {name: _product(name, product, shape) for name, product in shape.products.items()}
    return Catalogue(
        currency=shape.currency,
        languages=shape.languages,
        products=products,
        terms=GateTerms(
            limits=_limits(shape.gate),
            packs=packs,
            legal_basis=shape.legal_basis,
            lowest_level=min((p.level for p in products.values()), default=Level.L1),
            asks_age=any("age" in product.eligible.of_customer for product in products.values()),
            ask_consent={
                language: question.format(seller=shape.seller.get(language, ""))
                for language, question in shape.ask_consent.items()
            },
        ),
        ranking=shape.ranking,
        pin=shape.pin,
        rules=shape.rules,
        experiment=terms_of(shape.experiment) if shape.experiment else None,
    )


def _product(name: str, shape: ProductShape, catalogue: CatalogueShape) -> Product:
    return Product(
        product_id=name,
        line=shape.line,
        margin=shape.margin,
        prior=PriorAccept(mean=shape.prior_accept.mean, strength=shape.prior_accept.strength),
        eligible=Eligibility(shape.eligible),
        relevant_after=frozenset(shape.relevant_after),
        level=Level[shape.requires.level],
        licensed_agent=shape.requires.licensed_agent,
        recording=shape.requires.recording,
        fulfil=shape.fulfil,
        price=_price(shape, catalogue),
        replaces=shape.replaces,
        titles=shape.title,
        scripts={
            language: render(
                _wording(shape, language), {**_values(shape, catalogue, language), "order": fulfilment.ORDER_NUMBER}
            )
            for language in catalogue.languages
        },
        disclosures=shape.disclosures,
    )


def _price(shape: ProductShape, catalogue: CatalogueShape) -> Price:
    return Price(amount=shape.price.amount, currency=catalogue.currency, period=shape.price.period)


def _wording(shape: ProductShape, language: str) -> Wording:
    return Wording(language=language, **shape.script[language].model_dump())


def _values(shape: ProductShape, catalogue: CatalogueShape, language: str) -> Mapping[str, str]:
    values = {"price": speak(_price(shape, catalogue), language), "seller": catalogue.seller.get(language, "")}
    values["product"] = shape.title.get(language, "")
    for name, texts in (("cancel", shape.price.cancel), ("refund", shape.price.refund)):
        if language in texts:
            values[name] = texts[language]
    return values


def _limits(shape: GateShape) -> GateLimits:
    changed: dict[str, Any] = {name: value for name, value in shape.model_dump().items() if value is not None}
    if "never_intents" in changed:
        changed["never_intents"] = frozenset(changed["never_intents"])
    return replace(GateLimits(), **changed)


# ---- checks: (location, code, what is wrong, how to mend it) ------------------------------------------------------


def _problems(shape: CatalogueShape) -> Iterator[Problem]:
    known = pack_names()
    for index, name in enumerate(shape.policy):
        if name not in known:
            yield ("policy", index), "offer-policy", f"unknown policy pack {name}", f"Use one of {', '.join(known)}."
    packs = [load_pack(name) for name in shape.policy if name in known]
    if any(pack.consent == "legal_basis" for pack in packs) and not shape.legal_basis:
        yield (
            ("policy",),
            "offer-legal-basis",
            "no legal basis named",
            "Add legal_basis: consent | legitimate_interest.",
        )
    if shape.pin and shape.pin not in shape.products:
        yield ("pin",), "offer-pin", f"unknown product {shape.pin}", f"Use one of {', '.join(shape.products)}."
    for language in shape.languages:
        if shape.currency not in currencies(language):
            fix = "Use a language and currency that prices can be read in."
            yield ("languages",), "offer-language", f"{shape.currency} cannot be spoken in {language}", fix
        if not shape.seller.get(language):
            yield ("seller",), "offer-language", f"no seller named in {language}", f"Add {language}: to seller."
    yield from _of_consent(shape, packs)
    yield from terms_problems(shape)
    for name, product in shape.products.items():
        yield from _of_product(name, product, shape, packs)


def _of_consent(shape: CatalogueShape, packs: list[PolicyPack]) -> Iterator[Problem]:
    """The question for consent to advertising, where it is asked in calls."""
    demanding = [pack for pack in packs if pack.consent == ADS_CONSENT]
    if shape.ask_consent and not demanding:
        what, fix = "no policy pack demands consent to advertising", "Remove ask_consent."
        yield ("ask_consent",), "offer-consent", what, fix
        return
    for language in shape.languages if shape.ask_consent else ():
        if language not in shape.ask_consent:
            fix = f"Add {language}: to ask_consent."
            yield ("ask_consent",), "offer-language", f"no question for consent in {language}", fix
    for language, question in shape.ask_consent.items():
        named = tuple(word for pack in demanding for word in pack.consent_words.get(language, ()))
        for found in consent_complaints(question, {"seller": shape.seller.get(language, "")}, named):
            yield ("ask_consent", language), found.code, f"{language}: {found.what}", found.fix


def _of_product(name: str, product: ProductShape, shape: CatalogueShape, packs: list[PolicyPack]) -> Iterator[Problem]:
    at = ("products", name)
    if product.line not in shape.lines:
        yield (*at, "line"), "offer-line", f"unknown line {product.line}", f"Use one of {', '.join(shape.lines)}."
    if product.requires.licensed_agent and not product.fulfil.startswith("warm_transfer:"):
        fix = "Use fulfil: warm_transfer:<queue>."
        yield (*at, "fulfil"), "offer-licensed", "only a licensed agent may sell this", fix
    if product.price.renews and "renewal" not in product.disclosures:
        yield (*at, "disclosures"), "offer-disclosure", "it renews, and renewal is not disclosed", "Add renewal."
    for pack in packs:
        for disclosure in sorted(set(pack.disclosures) - set(product.disclosures) - _needless(product)):
            what = f"policy {pack.name} demands {disclosure}"
            yield (*at, "disclosures"), "offer-disclosure", what, f"Add {disclosure} to disclosures and script."
    for disclosure in sorted(set(product.disclosures) - DISCLOSURES):
        fix = f"Use {', '.join(sorted(DISCLOSURES))}."
        yield (*at, "disclosures"), "offer-disclosure", f"unknown disclosure {disclosure}", fix
    yield from _of_eligibility(at, product, shape)
    for language in shape.languages:
        yield from _of_language(at, language, product, shape)


def _needless(product: ProductShape) -> set[str]:
    return set() if product.price.renews else {"renewal"}


def _of_eligibility(at: Location, product: ProductShape, shape: CatalogueShape) -> Iterator[Problem]:
    try:
        Eligibility(product.eligible)
    except ValueError as error:
        yield (*at, "eligible"), "offer-eligible", str(error), "Mend the expression."
        return
    for line in sorted(named(product.eligible, "lines") - set(shape.lines)):
        yield (*at, "eligible"), "offer-eligible", f"unknown line {line}", f"Use one of {', '.join(shape.lines)}."


def _of_language(at: Location, language: str, product: ProductShape, shape: CatalogueShape) -> Iterator[Problem]:
    if language not in product.script:
        yield (*at, "script"), "offer-language", f"no script in {language}", f"Add {language}: to script."
        return
    if not product.title.get(language):
        yield (*at, "title"), "offer-language", f"no title in {language}", f"Add {language}: to title."
    if shape.currency not in currencies(language):
        return
    disclosures = tuple(name for name in product.disclosures if name in DISCLOSURES)
    for found in complaints(_wording(product, language), _values(product, shape, language), disclosures):
        yield (*at, "script", language, found.part), found.code, f"{language}: {found.what}", found.fix
    for found in fulfilment.complaints(_wording(product, language), _values(product, shape, language), product.fulfil):
        yield (*at, "script", language, found.part), found.code, f"{language}: {found.what}", found.fix
