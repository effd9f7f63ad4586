"""What other systems may tell of a conversation, of an answer and of its proof, as it is sent.

Owns the shapes and their limits, which the description of the interface is made of, and the words about what does not
fit them. What is told means nothing here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, WithJsonSchema

from ivr.model.offers import OfferAnswer
from ivr.offers.outcomes import RANGES

LONGEST_COMPLAINT = 500
LEFT_OUT = "left out: nothing is offered"

Text = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Names = Annotated[tuple[Text, ...], Field(max_length=100)]
Said = Annotated[str, Field(max_length=2000)]
Number = Annotated[float, Strict()]
Amount = Annotated[float, Field(ge=0, le=1e7)]
Count = Annotated[int, Field(ge=0)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Shape = TypeVar("Shape", bound=BaseModel)


class CustomerBody(_Body):
    """Who calls. household: the unit of the experiment; "" takes the customer alone."""

    id: Name
    household: Text = ""
    language: Text = ""
    lines: Names = ()
    owns: Names = ()
    flags: Names = ()
    profile: Annotated[dict[str, Any], Field(max_length=50)] = {}


class CallBody(_Body):
    """How the conversation went. What is left out counts against the offer: nothing is said for want of a fact.
    resolved: all of it; latency_p95_ms: of who speaks, 0 for a person."""

    id: Name
    intent: Name
    other_intents: Annotated[Names | None, Field(description=f"what else it was about; {LEFT_OUT}")] = None
    resolved: bool = False
    confirmed: bool = False
    bot_disclosed: bool = False
    no_offers: Annotated[bool, Field(description="the caller wants none: for good, at once")] = False
    recorded: bool = False
    repairs: Annotated[Count | None, Field(description=LEFT_OUT)] = None
    recent_failures: Annotated[Count | None, Field(description=LEFT_OUT)] = None
    agent_requested: Annotated[bool | None, Field(description=LEFT_OUT)] = None
    open_ticket: Annotated[bool | None, Field(description=LEFT_OUT)] = None
    overflow: Annotated[bool | None, Field(description=LEFT_OUT)] = None
    seconds: Annotated[Amount | None, Field(description=LEFT_OUT)] = None
    waited_s: Annotated[Amount | None, Field(description=LEFT_OUT)] = None
    load: Annotated[Annotated[float, Field(ge=0, le=1)] | None, Field(description=LEFT_OUT)] = None
    latency_p95_ms: Annotated[Count | None, Field(description=LEFT_OUT)] = None
    said: Annotated[
        Annotated[tuple[Said, ...], Field(max_length=200)] | None,
        Field(description=f"what the caller said, for the assistant's lists of words; {LEFT_OUT}"),
    ] = None


class DecideBody(_Body):
    """May something be offered?"""

    key: Annotated[Name, Field(description="yours, one for each conversation")]
    language: Annotated[Name, Field(description="en, or with its region: en-US")] = "en"
    level: Literal["L0", "L1", "L2", "L3", "L4"] = "L0"
    customer: CustomerBody | None = None
    call: CallBody

    @property
    def spoken(self) -> str:
        """The language alone, as offers.yml names it."""
        return self.language.strip().lower().replace("_", "-").partition("-")[0]


class ProofBody(_Body):
    """Why an acceptance is one: key 1, or a yes heard with confidence >= 0.9, after the read-back."""

    read_back: Name
    asked_at: datetime
    answered_at: datetime
    method: Literal["dtmf", "speech"]
    heard: Text = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    digits: Text = ""
    recording: Text = ""


class OutcomeBody(_Body):
    """An answer, outcomes, or both."""

    opportunity: Name
    answer: OfferAnswer | None = None
    proof: ProofBody | None = None
    outcomes: Annotated[
        dict[str, Number],
        WithJsonSchema(
            {
                "type": "object",
                "properties": {
                    name: {"type": "number", "minimum": least, "maximum": most}
                    for name, (least, most) in RANGES.items()
                },
                "additionalProperties": False,
            }
        ),
    ] = {}


def parsed(shape: type[Shape], body: dict[str, Any]) -> Shape:
    """The body as it must be. Raises 400 with every fault."""
    try:
        return shape.model_validate(body)
    except ValidationError as wrong:
        found = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in wrong.errors()]
        raise web.HTTPBadRequest(reason="; ".join(found)[:LONGEST_COMPLAINT].replace("\n", " ")) from wrong


def described(shape: type[BaseModel]) -> dict[str, Any]:
    """The shape as a JSON Schema in one piece."""
    whole = shape.model_json_schema()
    pieces: dict[str, Any] = whole.pop("$defs", {})

    def joined(part: Any) -> Any:
        if isinstance(part, list):
            return [joined(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return joined(pieces[part["$ref"].rpartition("/")[2]])
        return {name: joined(value) for name, value in part.items() if not (name == "title" and isinstance(value, str))}

    return dict(joined(whole))
