"""Commands of those who set up and measure hearing: models, recognition."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli.arguments import Commands, settings_of, show, takes_settings
from ivr.model.errors import SpeechError

if TYPE_CHECKING:
    from ivr.speech.catalogue import Catalogue
    from ivr.speech.catalogue_entry import Model


def add(commands: Commands) -> None:
    """models list, install, verify, doctor; asr corpus, evaluate."""
    _add_models(commands)
    _add_asr(commands)


def _add_models(commands: Commands) -> None:
    models = commands.add_parser("models", help="models that hear and speak")
    steps = models.add_subparsers(required=True, metavar="step")
    listed = steps.add_parser("list", help="every model: what it is, what it costs, whether it is here")
    install = steps.add_parser("install", help="bring models here; without names, all that need no network")
    install.add_argument("model", nargs="*", help="ids as in `ivr models list`")
    install.add_argument("--from", dest="source", type=Path, metavar="PATH", help="your own folder or zip archive")
    install.add_argument("--mirror", action="append", default=[], metavar="URL", help="a base URL to try first")
    install.add_argument("--sha256", default="", metavar="HEX", help="of the archive, where nobody published one")
    install.add_argument("--trust-first-use", action="store_true", help="take the first archive as the right one")
    verify = steps.add_parser("verify", help="hash every file of the models that are here again")
    verify.add_argument("model", nargs="*", help="ids (default: all that are here)")
    doctor = steps.add_parser("doctor", help="speak a prompt, transcribe it, tell noise from speech")
    doctor.add_argument("--lang", action="append", default=[], help="languages (default: en and ru)")
    for step, command in ((listed, _list), (install, _install), (verify, _verify), (doctor, _doctor)):
        takes_settings(step)
        step.add_argument("--json", action="store_true", help="print one JSON object")
        step.set_defaults(command=command)


def _add_asr(commands: Commands) -> None:
    asr = commands.add_parser("asr", help="recognition")
    what = asr.add_subparsers(required=True, metavar="what")
    corpus = what.add_parser("corpus", help="write recordings with their texts to evaluate with, where they can be had")
    corpus.add_argument("folder", type=Path, metavar="OUT", help="the folder to write to")
    kinds = ("digits", "numbers", "prompts-en", "prompts-ru", "noise")
    corpus.add_argument("--kind", required=True, choices=kinds, help="what is said in them")
    corpus.add_argument("--digits", type=Path, metavar="FOLDER", help="recordings of fsdd, for digits and numbers")
    corpus.set_defaults(command=_corpus)
    evaluate = what.add_parser(
        "evaluate", help="recognise recordings as in a call, compare with their texts (TSV: file<TAB>text; WAV 8 kHz)"
    )
    evaluate.add_argument("manifest", type=Path, metavar="MANIFEST.tsv", help="the recordings and their texts")
    evaluate.add_argument("--lang", default="en", help="en or ru (en)")
    evaluate.add_argument("--expect", default="open", help="digits:N, choice:FILE (a phrase a line) or open (open)")
    evaluate.add_argument("--engine", default="", help="whisper, vosk or auto (default: as in ivr.toml)")
    evaluate.add_argument("--rows", action="store_true", help="also print every recording that was not heard right")
    takes_settings(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(command=_evaluate)


def _catalogue(arguments: argparse.Namespace) -> Catalogue:
    from ivr.speech.catalogue import Catalogue

    return Catalogue(settings_of(arguments.config).speech.models_dir)


def _list(arguments: argparse.Namespace) -> int:
    catalogue = _catalogue(arguments)
    rows = [_row(catalogue, model) for model in catalogue.models]
    if arguments.json:
        show({"models": rows}, as_json=True)
        return 0
    for row in rows:
        size = f"{row['bytes'] / 1e6:.0f} MB" if row["bytes"] else "? MB"
        what = f"{row['kind']:4} {','.join(row['languages']):6} {row['engine']:8} {size:>7} {row['ram_mb']:4} MB RAM"
        print(f"{row['id']:24} {what}  {row['state']:13} {row['licence']}")
        for line in (*row["sources"], row["note"], row["problem"]):
            if line:
                print(f"    {line}")
    return 0


def _row(catalogue: Catalogue, model: Model) -> dict[str, Any]:
    state, problem = "not installed", ""
    if catalogue.here(model):
        try:
            catalogue.resolve(model)
            state = "ready"
        except SpeechError as error:
            state, problem = "unverified", str(error)
    return {
        "id": model.model_id,
        "kind": model.kind,
        "languages": list(model.languages),
        "engine": model.engine,
        "licence": model.licence,
        "ram_mb": model.ram_mb,
        "bytes": model.size,
        "sources": [source.url or source.base or f"pip install {source.package}" for source in model.sources],
        "sha256": {
            **{file.name: file.sha256 for file in model.files},
            **{source.url: source.sha256 for source in model.sources if source.url},
        },
        "state": state,
        "note": model.note,
        "problem": problem,
    }


def _install(arguments: argparse.Namespace) -> int:
    from ivr.speech.installing import Wish, install, installable

    catalogue = _catalogue(arguments)
    wish = Wish(
        mirrors=(*arguments.mirror, *settings_of(arguments.config).speech.model_mirrors),
        sha256=arguments.sha256.lower(),
        trust_first_use=arguments.trust_first_use,
        source=arguments.source,
    )
    names = arguments.model or [m.model_id for m in catalogue.models if installable(m)]
    done = []
    for name in names:
        folder = install(catalogue, catalogue.named(name), wish, _progress)
        done.append({"id": name, "folder": str(folder)})
        if not arguments.json:
            print(f"{name}: {folder}")
    if arguments.json:
        show({"installed": done}, as_json=True)
    return 0


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        share = f"{100 * done // total} %" if total else f"{done // 1_000_000} MB"
        print(f"\r{what} {share} ", end="" if done != total else "\n", file=sys.stderr)


def _verify(arguments: argparse.Namespace) -> int:
    catalogue = _catalogue(arguments)
    catalogue.forget_verified()
    chosen = [catalogue.named(name) for name in arguments.model]
    found = {m.model_id: _state(catalogue, m) for m in chosen or [m for m in catalogue.models if catalogue.here(m)]}
    if arguments.json:
        show({"models": found}, as_json=True)
    else:
        for name, problem in found.items():
            print(f"{name}: {problem or 'verified'}")
    return 1 if any(found.values()) else 0


def _state(catalogue: Catalogue, model: Model) -> str:
    """Why the model may not be used, "" when it may."""
    try:
        catalogue.resolve(model)
    except SpeechError as error:
        return str(error)
    return ""


def _doctor(arguments: argparse.Namespace) -> int:
    from ivr.speech.doctor import examine

    room = settings_of(arguments.config).speech
    findings = asyncio.run(examine(room.models_dir, arguments.lang or ["en", "ru"], room.recognizer, room.voices))
    works = all(finding.works for finding in findings)
    if arguments.json:
        show({"works": works, "findings": [asdict(finding) for finding in findings]}, as_json=True)
    else:
        for finding in findings:
            print(f"{'ok ' if finding.works else 'BAD'} {finding.what}: {finding.detail} ({finding.took_ms} ms)")
    return 0 if works else 1


def _corpus(arguments: argparse.Namespace) -> int:
    from ivr.demo.asr_corpus import MANIFEST, make_corpus

    count = make_corpus(arguments.folder, arguments.kind, arguments.digits)
    print(f"{count} recordings: {arguments.folder / MANIFEST}")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from ivr.speech import evaluation
    from ivr.speech.catalogue import Catalogue
    from ivr.speech.models import load_recognizer, load_vad

    room = settings_of(arguments.config).speech
    rows = evaluation.read_manifest(arguments.manifest)
    expectation = evaluation.expectation_of(arguments.expect, arguments.lang)
    catalogue = Catalogue(room.models_dir)
    engine = arguments.engine or room.recognizers.get(arguments.lang, room.recognizer)
    recognizer = load_recognizer(catalogue, engine, [arguments.lang], room.threads)
    vad = load_vad(catalogue)
    heard = [evaluation.hear(recognizer, vad, row, arguments.lang, expectation) for row in rows]
    if arguments.rows:
        for each in heard:
            if not each.right:
                print(f"{each.row.path}\t{each.row.text}\t{each.text}\t{each.confidence:.2f}", file=sys.stderr)
    show(evaluation.summary(heard), as_json=arguments.json)
    return 0
