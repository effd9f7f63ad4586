"""Commands of those who answer for what people were asked: objections, consent to advertising, who needs care."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from ivr.cli.arguments import Commands, settings_of, show, takes_settings
from ivr.model.errors import ConfigError
from ivr.model.objections import CareReason

WHO = "customer's id, or a number with +"
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def add(offers: Commands) -> None:
    """offers refuse, allow, consent, withdraw, care, clear-care, said."""
    refuse = _command(offers, "refuse", _refuse, "somebody wants no offers: for good, as if said in a call", WHO)
    allow = _command(offers, "allow", _allow, "somebody asked for offers again: only a person takes it back", WHO)
    consent = _command(offers, "consent", _consent, "a customer agreed to advertising by telephone", "customer's id")
    consent.add_argument("--text", required=True, metavar="VERSION", help="version of the text that was agreed to")
    consent.add_argument("--source", default="", help="where it can be seen: a contract, a form, a page")
    consent.add_argument("--recording", default="", help="recording it was said in")
    consent.add_argument("--given", default="", metavar="WHEN", help="ISO 8601 (now)")
    withdraw = _command(offers, "withdraw", _withdraw, "a consent to advertising ends", "customer's id")
    care = _command(offers, "care", _care, "a customer needs care: nothing is offered from now on", "customer's id")
    care.add_argument("--why", default="", choices=tuple(CareReason), help="no illnesses: a short list")
    clear = _command(offers, "clear-care", _clear_care, "a customer needs no care any more", "customer's id")
    for each in (refuse, allow, consent, withdraw, care, clear):
        each.add_argument("--by", required=True, metavar="NAME", help="who answers for it")
    said = _command(offers, "said", _said, "what somebody said about offers, and who noted it", WHO)
    said.add_argument("--json", action="store_true", help="print one JSON object")


def _command(
    offers: Commands, name: str, run: Callable[[argparse.Namespace], int], words: str, who: str
) -> argparse.ArgumentParser:
    parser = offers.add_parser(name, help=words)
    parser.add_argument("customer", metavar="CUSTOMER", type=_somebody if who == WHO else _a_customer, help=who)
    takes_settings(parser)
    parser.set_defaults(command=run)
    return parser


def _somebody(said: str) -> str:
    """A number with + in E.164, or a customer's id. An empty word, as a shell's unset variable leaves it, is nobody."""
    if said.startswith("+") and not _E164.fullmatch(said):
        raise argparse.ArgumentTypeError(f"{said!r} is no number: write + and 7 to 15 digits")
    return said if said.startswith("+") else _a_customer(said)


def _a_customer(said: str) -> str:
    if not said.strip() or said.startswith("+"):
        raise argparse.ArgumentTypeError(f"{said!r} is no customer's id")
    return said.strip()


def _refuse(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import refuse

    names = asyncio.run(refuse(settings_of(arguments.config), arguments.customer, _by(arguments)))
    print(f"no offers to {', '.join(names)} any more, noted by {arguments.by}")
    if names == (arguments.customer,):
        print("nobody of this id is known here yet: look once more at how it is written")
    return 0


def _allow(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import allow

    names = asyncio.run(allow(settings_of(arguments.config), arguments.customer, _by(arguments)))
    print(f"{', '.join(names)} may be offered something again, by {arguments.by}" if names else "nobody had objected")
    return 0 if names else 1


def _consent(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import consent

    if not (arguments.source or arguments.recording):
        raise ConfigError("say where the consent can be seen or heard: --source, --recording, or both")
    try:
        datetime.fromisoformat(arguments.given or "2000-01-01")
    except ValueError as error:
        raise ConfigError(f"--given: {error}") from error
    given = {name: str(getattr(arguments, name)) for name in ("text", "source", "recording", "given")}
    asyncio.run(consent(settings_of(arguments.config), arguments.customer, by=_by(arguments), **given))
    print(f"{arguments.customer} agreed to {arguments.text}, noted by {arguments.by}")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import withdraw

    ended = asyncio.run(withdraw(settings_of(arguments.config), arguments.customer, _by(arguments)))
    print(f"the consent of {arguments.customer} has ended" if ended else f"{arguments.customer} had not consented")
    return 0 if ended else 1


def _care(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import note_care

    asyncio.run(note_care(settings_of(arguments.config), arguments.customer, _by(arguments), arguments.why))
    print(f"{arguments.customer} needs care, noted by {arguments.by}: nothing is offered")
    return 0


def _clear_care(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import clear_care

    cleared = asyncio.run(clear_care(settings_of(arguments.config), arguments.customer, _by(arguments)))
    print(f"{arguments.customer} needs no care any more, by {arguments.by}" if cleared else "nobody had noted any")
    return 0 if cleared else 1


def _said(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.objections import said_by

    objections, consents, marks = asyncio.run(said_by(settings_of(arguments.config), arguments.customer))
    if arguments.json:
        found = {"objections": map(asdict, objections), "consents": map(asdict, consents), "care": map(asdict, marks)}
        show({name: list(rows) for name, rows in found.items()}, as_json=True)
        return 0
    for said in objections:
        print(_line(said.at, f"{said.what} offers ({said.household})", said.by or "the caller", said.call_id))
    for given in consents:
        print(_line(given.given_at, f"agreed to {given.text_version}", given.noted_by, given.recording or given.source))
    for mark in marks:
        print(_line(mark.at, f"needs care{f': {mark.why}' if mark.why else ''}", mark.by, mark.call_id))
    ends: Mapping[str, list[tuple[str, str]]] = {
        "withdrew the consent": [(each.withdrawn_at, each.withdrawn_by) for each in consents],
        "needs no care any more": [(each.cleared_at, each.cleared_by) for each in marks],
    }
    for what, rows in ends.items():
        for at, by in rows:
            if at:
                print(_line(at, what, by, ""))
    return 0


def _line(at: str, what: str, by: str, where: str) -> str:
    return f"{at}  {what}, by {by}{f' ({where})' if where else ''}"


def _by(arguments: argparse.Namespace) -> str:
    """Raises ConfigError for nobody."""
    if not arguments.by.strip():
        raise ConfigError("--by names the person who answers for it")
    return str(arguments.by)
