"""The shape of offers.yml, exactly as a designer may write it. What the words mean is catalogue.py's business."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ivr.offers.price import Period

Texts = dict[str, str]
LevelName = Literal["L0", "L1", "L2", "L3", "L4"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PriorShape(_Shape):
    mean: Annotated[float, Field(gt=0, lt=1)]
    strength: Annotated[float, Field(gt=0)]


class RequiresShape(_Shape):
    level: LevelName = "L1"
    licensed_agent: bool = False
    recording: bool = False


class PriceShape(_Shape):
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2)]
    period: Period
    renews: bool = False
    cancel: Texts = {}
    refund: Texts = {}


class ScriptShape(_Shape):
    """otherwise: said instead of `accepted`, or after it, when what follows cannot be, and a colleague calls. sms: the
    message that asks to confirm an order."""

    ask: str
    pitch: str
    confirm: str
    accepted: str
    declined: str
    otherwise: str = ""
    sms: str = ""


class ProductShape(_Shape):
    line: str
    title: Texts
    margin: Annotated[float, Field(ge=0)]
    prior_accept: PriorShape
    eligible: str
    relevant_after: Annotated[tuple[str, ...], Field(min_length=1)]
    requires: RequiresShape = RequiresShape()
    fulfil: Annotated[
        str,
        Field(
            pattern=r"^(lead|order_pending_sms|warm_transfer:[a-z0-9_]+)$",
            description="lead, order_pending_sms, or warm_transfer: with a queue, as warm_transfer:sales",
        ),
    ]
    price: PriceShape
    replaces: str = ""
    disclosures: tuple[str, ...] = ()
    script: dict[str, ScriptShape]


class GateShape(_Shape):
    """Only what differs from GateLimits; absent means its default."""

    never_intents: tuple[str, ...] | None = None
    max_repairs: Annotated[int, Field(ge=0)] | None = None
    max_waited_s: Annotated[float, Field(ge=0)] | None = None
    max_call_ms: Annotated[int, Field(gt=0)] | None = None
    max_load: Annotated[float, Field(gt=0, le=1)] | None = None
    offers_per_30d: Annotated[int, Field(ge=0)] | None = None
    offers_per_365d: Annotated[int, Field(ge=0)] | None = None
    cool_down_days: Annotated[int, Field(ge=1)] | None = None


class KnownShape(_Shape):
    """A number of the profile known before the call, with its usual mean and spread."""

    mean: float = 0.0
    spread: Annotated[float, Field(gt=0)] = 1.0


class MarginsShape(_Shape):
    """How much harm is too much: treated minus holdout. csat in points, annoyed as a share of callers."""

    csat: Annotated[float, Field(ge=-4, lt=0)] = -0.15
    annoyed: Annotated[float, Field(gt=0, lt=1)] = 0.02


class StatedShape(_Shape):
    """ask: what the offer was like (useful, not minded, annoying: key 1, 2, 3, or in words); thanks: for an answer."""

    ask: Annotated[str, Field(min_length=1)]
    thanks: Annotated[str, Field(min_length=1)]


class ExperimentShape(_Shape):
    """What is decided before the first offer. titles: what groups are called in reports. prices: what one more of an
    outcome costs, in the currency above. survey: what asks for a grade by key; survey_share: of the households. stated:
    what asks a few who heard an offer what it was like. complaints: intents of calls that count as one."""

    groups: Annotated[dict[str, str], Field(min_length=1, max_length=8)]
    titles: dict[str, Texts] = {}
    known: dict[str, KnownShape] = {}
    planned: Annotated[int, Field(ge=100)] = 20_000
    margins: MarginsShape = MarginsShape()
    prices: dict[str, float] = {}
    survey: Texts = {}
    survey_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    stated: dict[str, StatedShape] = {}
    complaints: tuple[str, ...] = ("complaint",)


class CatalogueShape(_Shape):
    version: Literal[1]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="a currency's three capital letters, as EUR")]
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    seller: Texts
    policy: tuple[str, ...] = ()
    legal_basis: Literal["", "consent", "legitimate_interest"] = ""
    ask_consent: Annotated[
        Texts, Field(description="language -> question a yes to which is consent to advertising")
    ] = {}
    ranking: Literal["fixed", "rules", "learned"] = "fixed"
    rules: dict[str, tuple[str, ...]] = {}
    experiment: ExperimentShape | None = None
    pin: str = ""
    owned: tuple[str, ...] = ()
    gate: GateShape = GateShape()
    lines: tuple[str, ...]
    products: dict[str, ProductShape]
