"""Commands about voiceprints: enrol, compare, list, delete, and how well voices are told apart."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ivr.cli.arguments import Commands, settings_of, show, takes_settings
from ivr.config import Settings
from ivr.model.errors import ConfigError

if TYPE_CHECKING:
    from ivr.model.voiceprint import VoiceSample
    from ivr.speech.speaker_encoder import SpeakerEncoder
    from ivr.storage.store import Store

T = TypeVar("T")
MODEL = "resemblyzer"
CUSTOMER = "the customer's id"


def add(commands: Commands) -> None:
    """voiceprint enrol, compare, list, delete, evaluate."""
    steps = commands.add_parser("voiceprint", help="voices of customers who agreed to it: a sign of risk, no proof")
    group = steps.add_subparsers(required=True, metavar="what")
    enrol = _command(group, "enrol", _enrol, "keep the voice in recordings, with the customer's consent")
    enrol.add_argument("customer_id", help=CUSTOMER)
    enrol.add_argument(
        "recording", nargs="+", type=Path, help="WAV; of a stereo one the caller's side, the left, counts"
    )
    enrol.add_argument("--consent", required=True, metavar="VERSION", help="of the text the customer agreed to")
    enrol.add_argument(
        "--form", choices=("spoken", "written"), default="spoken", help="of the consent (default: spoken)"
    )
    enrol.add_argument("--source", required=True, help="where the consent is found: a call id, a document")
    enrol.add_argument("--at", default="", metavar="TIME", help="when it was given, ISO 8601 (default: now)")
    compare = _command(group, "compare", _compare, "is the voice in a recording unlike the enrolled one?")
    compare.add_argument("customer_id", help=CUSTOMER)
    compare.add_argument("recording", type=Path, help="WAV; of a stereo one the left side counts")
    delete = _command(group, "delete", _delete, "forget a voice; the record of the consent and its end stays")
    delete.add_argument("customer_id", help=CUSTOMER)
    _command(group, "list", _list, "customers with a voiceprint, with their consent")
    evaluate = _command(group, "evaluate", _evaluate, "error rates on recordings named WHAT_SPEAKER_TAKE.wav")
    evaluate.add_argument("folder", type=Path, help="of the recordings")


def _command(
    group: Commands, name: str, run: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser = group.add_parser(name, help=words)
    takes_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=run)
    return parser


def _enrol(arguments: argparse.Namespace) -> int:
    from ivr.identity.policy_file import load_policy
    from ivr.identity.voiceprint import consented, enrollable
    from ivr.model.ids import new_id
    from ivr.model.voiceprint import VoiceConsent, Voiceprint

    settings = _switched_on(arguments)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    consent = VoiceConsent(
        consent_id=new_id(),
        customer_id=arguments.customer_id,
        text_version=arguments.consent.strip(),
        source=arguments.source.strip(),
        given_at=_moment(arguments.at) if arguments.at else now,
        form=arguments.form,
    )
    if not consent.text_version or not consent.source:
        raise ConfigError("--consent and --source must say something: there is no voiceprint without consent")
    policy = load_policy(settings.server.assistant)
    if not consented(consent, policy):
        packs = ", ".join(policy.packs)
        raise ConfigError(
            f"the packs of identity.yml ({packs}) demand a written consent: --form written, if there is one"
        )
    sample = enrollable(_sample(_encoder(settings), arguments.recording))
    enrolled = Voiceprint(customer_id=arguments.customer_id, sample=sample, enrolled_at=now, consent=consent)
    _with_store(settings, lambda store: store.save_voiceprint(enrolled))
    show({"customer": enrolled.customer_id, **_heard(sample), "consent": asdict(consent)}, as_json=arguments.json)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from ivr.identity.voiceprint import compare, likeness, suspicion

    settings = _switched_on(arguments)
    enrolled = _with_store(settings, lambda store: store.voiceprint(arguments.customer_id))
    if enrolled is None:
        raise ConfigError(f"there is no voiceprint of {arguments.customer_id}")
    sample = _sample(_encoder(settings), [arguments.recording])
    if sample is None:
        raise ConfigError(f"{arguments.recording}: there is not half a second of speech in it")
    found = compare(enrolled, sample)
    risk = suspicion(found)
    result = {"result": found.value, "likeness": round(likeness(enrolled.sample, sample), 3), **_heard(sample)}
    show({**result, "risk": risk.value if risk else ""}, as_json=arguments.json)
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    gone = _with_store(settings_of(arguments.config), lambda store: store.delete_voiceprint(arguments.customer_id, now))
    show({"customer": arguments.customer_id, "deleted": gone}, as_json=arguments.json)
    return 0 if gone else 1


def _list(arguments: argparse.Namespace) -> int:
    kept = _with_store(settings_of(arguments.config), lambda store: store.all_voiceprints())
    rows = [
        {"customer": each.customer_id, "enrolled_at": each.enrolled_at, **_heard(each.sample)}
        | {"consent": each.consent.text_version, "source": each.consent.source, "given_at": each.consent.given_at}
        for each in kept
    ]
    show({"voiceprints": rows}, as_json=arguments.json)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from ivr.identity.voiceprint import likeness, thresholds
    from ivr.speech.speaker_evaluation import evaluate, read_speakers

    def mismatch(known: VoiceSample, heard: VoiceSample) -> bool:
        return likeness(known, heard) < thresholds(known, heard)[0]

    speakers = read_speakers(arguments.folder)
    rows = evaluate(
        _encoder(settings_of(arguments.config)),
        speakers,
        pieces_s=(3.0, 6.0, 10.0),
        snrs_db=(25.0, 18.0, 12.0, 8.0),
        mismatch=mismatch,
    )
    show({"speakers": len(speakers), "rows": [asdict(row) for row in rows]}, as_json=arguments.json)
    return 0


def _switched_on(arguments: argparse.Namespace) -> Settings:
    settings = settings_of(arguments.config)
    if settings.speech.voiceprints == "off":
        raise ConfigError('voiceprints are switched off: set [speech] voiceprints = "resemblyzer" if the law lets you')
    return settings


def _encoder(settings: Settings) -> SpeakerEncoder:
    from ivr.speech.catalogue import Catalogue
    from ivr.speech.speaker_encoder import SpeakerEncoder

    catalogue = Catalogue(settings.speech.models_dir)
    return SpeakerEncoder(catalogue.resolve(catalogue.named(MODEL)) / "pretrained.pt")


def _sample(encoder: SpeakerEncoder, recordings: list[Path]) -> VoiceSample | None:
    import numpy as np

    from ivr.speech.recordings import read_wav

    return encoder.sample(np.concatenate([read_wav(path) for path in recordings]))


def _heard(sample: VoiceSample) -> dict[str, object]:
    return {"engine": sample.engine, "seconds": sample.seconds, "snr_db": sample.snr_db}


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--at {text!r} is no time: write 2026-11-21T10:00:00+03:00") from error
    if moment.tzinfo is None:
        raise ConfigError(f"--at {text!r} has no time zone: write 2026-11-21T10:00:00+03:00")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    from ivr.storage.store import Store

    async def run() -> T:
        store = await Store.open(settings.storage.url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
