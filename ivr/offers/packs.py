"""Policy packs: what a jurisdiction demands of an offer, as data. Not legal advice.

A pack is a YAML file in this folder. It names the consent it needs and what a question for it must say, the disclosures
every script must carry, whether the call must be recorded, and the sentence said with a household's first offer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ivr.document import Document

Consent = Literal["none", "legal_basis", "ads_consent"]
FOLDER = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPack:
    """One jurisdiction. consent: what g.consent looks for. first_offer_notice: language -> sentence, may be empty.
    proof_years: how long an acceptance must be provable. consent_words: language -> beginnings of words, one of which a
    question for consent holds; no part of the gate, so that its version does not change with them."""

    name: str
    consent: Consent
    recording: bool
    disclosures: tuple[str, ...]
    first_offer_notice: Mapping[str, str]
    proof_years: int
    consent_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


class _PackFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    consent: Consent
    recording: bool
    disclosures: tuple[str, ...]
    first_offer_notice: dict[str, str] = {}
    proof_years: Annotated[int, Field(ge=1, le=30)]
    consent_words: dict[str, tuple[str, ...]] = {}


def pack_names() -> tuple[str, ...]:
    """The packs shipped, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yml")))


def load_pack(name: str) -> PolicyPack:
    """The pack of that name. Raises DesignError when its file is missing or wrong."""
    read = Document(FOLDER / f"{name}.yml").parse(_PackFile)
    return PolicyPack(
        name=name,
        consent=read.consent,
        recording=read.recording,
        disclosures=read.disclosures,
        first_offer_notice=read.first_offer_notice,
        proof_years=read.proof_years,
        consent_words=read.consent_words,
    )
