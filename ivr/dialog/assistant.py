"""An assistant: everything in one designer's folder, read, joined and checked.

`load_assistant` is the only door: what it returns can be run without a further check, what cannot be run is refused
with every mistake in it. Frozen: a reload makes a new one and calls under way keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialog import lint
from ivr.dialog.clearance import Protected, protected
from ivr.dialog.demands import demanded
from ivr.dialog.joining import Surroundings
from ivr.dialog.policies import KEYS as POLICY_KEYS
from ivr.dialog.policies import read_policy
from ivr.dialog.reading import read_flow
from ivr.dialog.recordings import recorded
from ivr.dialog.services import ServiceSpec, read_services
from ivr.dialog.slot_options import MONEY_OF, read_region, read_slots
from ivr.dialog.slots import Slot
from ivr.dialog.source import Faults, Node, Place, did_you_mean, read
from ivr.dialog.steps import Flow, Global, Policy
from ivr.dialog.stepup import proof_slots
from ivr.dialog.texts import Response, Responses, read_responses
from ivr.dialog.tongues import TONGUES
from ivr.model.errors import DesignError, Fault
from ivr.model.identity import StepUp

TOP_KEYS = (
    *("version", "assistant", "languages", "start", "identify", "defaults", "globals", "texts", "currency"),
    *("negative_words", "vulnerable_words", "region"),
)

TEXTS: Mapping[str, str] = {
    "cut_off": "utter_cut_off",  # the last call of this number was dropped by us
    "no_hearing": "utter_no_hearing",  # speech recognition is away: keypad only
    "trouble": "utter_trouble",  # something of ours failed
    "goodbye": "utter_goodbye",  # the last words of a call that ends without a hangup step
    "noinput": "utter_noinput",  # before a re-ask that has no numbered text of its own
    "nomatch": "utter_nomatch",
    "help": "utter_help",  # for steps without a help text
    "hold": "utter_hold",  # a service is slow
    "no_offers": "utter_no_offers",  # "no offers" is noted
    "offer_unclear": "utter_offer_unclear",  # the offer was not clearly accepted, so it is not taken
}
"""What the engine itself says: role -> response name unless dialog.yml says otherwise under texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """A loaded assistant. identify_service looks a caller up by number; identify_flow asks for what proves who calls.
    believe_claimed: may a number from an untrusted peer's From raise the level? region: ISO 3166, whose phone numbers,
    dates and amounts are meant where a slot does not say, "" = by language.

    negative_words, vulnerable_words: language -> words of a caller who is upset, in distress. texts: role (see TEXTS)
    -> response name. protected: what is told to some callers only (clearance). stepup: what identity.yml allows, None:
    any number of proofs; proof_slots: slot -> the proof it is collected for.
    """

    name: str
    folder: Path
    languages: tuple[str, ...]
    flows: Mapping[str, Flow]
    start: str
    slots: Mapping[str, Slot]
    intents: tuple[str, ...]
    responses: Responses
    services: Mapping[str, ServiceSpec]
    globals: tuple[Global, ...]
    policy: Policy
    escape: str = ""
    identify_service: str | None = None
    identify_flow: str = ""
    believe_claimed: bool = False
    texts: Mapping[str, str] = field(default_factory=lambda: dict(TEXTS))
    negative_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vulnerable_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: str = "EUR"
    region: str = ""
    protected: Protected = field(default_factory=dict)
    stepup: StepUp | None = None
    proof_slots: Mapping[str, str] = field(default_factory=dict)

    @property
    def nlu_files(self) -> Mapping[str, Path]:
        """language -> training file."""
        return {language: self.folder / f"nlu.{language}.yml" for language in self.languages}

    @property
    def offers_file(self) -> Path:
        return self.folder / "offers.yml"

    @property
    def routing_file(self) -> Path:
        return self.folder / "routing.yml"

    def wordings(self, language: str) -> dict[str, dict[str, str]]:
        """slot -> value -> how it is said, of choices (their first phrase) and of yes and no."""
        found: dict[str, dict[str, str]] = {}
        tongue = TONGUES.get(language)
        for slot in self.slots.values():
            if slot.type == "choice":
                found[slot.name] = {c.value: (c.phrases.get(language) or (c.value,))[0] for c in slot.choices}
            elif slot.type == "yes_no" and tongue is not None:
                yes, no = tongue.yes[0], tongue.no[0]
                found[slot.name] = {"yes": yes, "True": yes, "no": no, "False": no}
        return found

    def response(self, name: str, language: str) -> Response | None:
        """The text of a response, None when this language has none."""
        return self.responses.get(language, {}).get(name)


def load_assistant(folder: Path) -> Assistant:
    """The assistant in this folder. Raises DesignError with every fault when there is an error among them."""
    assistant, faults = examine(folder)
    errors = tuple(f for f in faults if f.severity == "error")
    if assistant is None or errors:
        raise DesignError(errors)
    return assistant


UNREADABLE = frozenset({"encoding", "too-large", "yaml"})


def examine(folder: Path) -> tuple[Assistant | None, tuple[Fault, ...]]:
    """(assistant as far as it can be read, None when not at all; every error and warning, by place)."""
    faults = Faults()
    top = read(folder / "dialog.yml", folder, faults)
    domain = read(folder / "domain.yml", folder, faults)
    if top is None or domain is None:
        return None, tuple(sorted(faults.found))
    assistant = read_assistant(folder, top, domain, faults)
    if not any(fault.code in UNREADABLE for fault in faults.found):  # whatever a lost file names would be missed, too
        lint.check(assistant, faults)
    return assistant, tuple(sorted(set(faults.found)))


def read_assistant(folder: Path, top: Node, domain: Node, faults: Faults) -> Assistant:
    """Everything the files say, checked one by one; faults are added."""
    top.only(TOP_KEYS)
    domain.only(("version", "intents", "slots"))
    defaults, languages, name, start = (top.get(k) for k in ("defaults", "languages", "assistant", "start"))
    spoken = languages.texts() if languages else ("en",)
    if defaults:
        defaults.only((*POLICY_KEYS, "escape"))
    policy = read_policy(defaults, Policy())
    flows = demanded(folder, _read_flows(folder, policy, spoken[0] if spoken else "en", faults), faults)
    file = read(folder / "services.yml", folder, faults) if (folder / "services.yml").exists() else None
    services = read_services(file) if file else {}
    identify, intents, region = top.get("identify"), domain.get("intents"), read_region(top.get("region"))
    currency = _read_currency(top.get("currency"), region)
    if start is None:
        top.fault("missing", "nothing says which flow begins the call", "Add start: main.")
    if identify:
        identify.only(("service", "flow", "believe_claimed"))
    claimed = identify.get("believe_claimed") if identify else None
    return Assistant(
        name=name.text() if name else folder.name,
        folder=folder,
        languages=spoken,
        flows=flows,
        start=_known(start, "flow", flows),
        slots=read_slots(domain.get("slots"), currency, region),
        intents=intents.texts() if intents else (),
        responses={language: _read_texts(folder, language, faults) for language in spoken},
        services=services,
        globals=_read_globals(top.get("globals"), flows, spoken),
        policy=policy,
        escape=_read_escape(top, defaults, flows),
        identify_service=_known(identify.get("service") if identify else None, "service", services) or None,
        identify_flow=_known(identify.get("flow") if identify else None, "flow", flows),
        believe_claimed=claimed.flag() if claimed else False,
        texts=_read_roles(top.get("texts")),
        negative_words=_read_words(top.get("negative_words")),
        vulnerable_words=_read_words(top.get("vulnerable_words")),
        currency=currency,
        region=region,
        protected=protected(flows.values(), services),
        proof_slots=proof_slots(flows.values(), services),
    )


def _known(node: Node | None, kind: str, names: Mapping[str, object]) -> str:
    """The name in a node; a fault when there is no such flow or service."""
    name = node.text() if node else ""
    if node and name not in names:
        node.fault(f"unknown-{kind}", f"no {kind} {name!r}", did_you_mean(name, names))
    return name


def _read_currency(node: Node | None, region: str) -> str:
    """The currency of amounts said without one: as stated, else that of the region."""
    if node is not None:
        return node.text()
    return MONEY_OF.get(region, "EUR")


def _read_escape(top: Node, defaults: Node | None, flows: Mapping[str, Flow]) -> str:
    node = defaults.get("escape") if defaults else None
    if node is None:
        fix = "Add defaults: {escape: flow}."
        (defaults or top).fault("no-escape", "nothing says where a caller goes who is not understood", fix)
    return _known(node, "flow", flows)


def _read_roles(node: Node | None) -> dict[str, str]:
    for role, entry in node.items() if node else ():
        if role not in TEXTS:
            entry.fault("unknown-key", f"no text {role!r}", did_you_mean(role, TEXTS))
    return {**TEXTS, **({role: entry.text() for role, entry in node.items()} if node else {})}


def _read_words(node: Node | None) -> dict[str, tuple[str, ...]]:
    return {language: entry.texts() for language, entry in node.items()} if node else {}


def _read_flows(folder: Path, policy: Policy, language: str, faults: Faults) -> dict[str, Flow]:
    nodes: dict[str, Node] = {}
    for path in sorted((folder / "flows").glob("*.yml")):
        top = read(path, folder, faults)
        if top is None:
            continue
        top.only(("version", "flows"))
        flows = top.get("flows")
        for name, node in flows.items() if flows else ():
            if name in nodes:
                node.fault("duplicate-flow", f"flow {name!r} stands in {nodes[name].file} too", "Rename one of them.")
            nodes[name] = node
    if not nodes:
        faults.add(Place("flows"), "missing", "there are no flows", "Write flows/main.yml with flows: {main: ...}.")
    around = Surroundings(flows=frozenset(nodes), policy=policy, language=language)
    return {name: read_flow(name, node, around) for name, node in nodes.items()}


def _read_texts(folder: Path, language: str, faults: Faults) -> dict[str, Response]:
    top = read(folder / f"responses.{language}.yml", folder, faults)
    return recorded(folder, read_responses(top, language), language, faults) if top else {}


def _read_globals(node: Node | None, flows: Mapping[str, Flow], languages: tuple[str, ...]) -> tuple[Global, ...]:
    found = []
    for entry in node.entries() if node else ():
        entry.only(("intent", "dtmf", "go", "do", "language"))
        intent, dtmf, go, does, language = (entry.get(k) for k in ("intent", "dtmf", "go", "do", "language"))
        if intent is None or (go is None) == (does is None):
            entry.fault("missing", "a global needs an intent and either go: or do:", "Add go: flow or do: repeat.")
        if go is not None and go.text() not in flows:
            go.fault("unknown-flow", f"no flow {go.text()!r}", did_you_mean(go.text(), flows))
        action = does.one_of(("repeat", "help", "no_offers", "language")) if does else ""
        if language and action != "language":
            language.fault("unknown-key", "language: belongs to do: language", "Remove it or write do: language.")
        found.append(
            Global(
                intent=intent.text() if intent else "",
                dtmf=(dtmf or entry.key("dtmf")).dtmf() if entry.has("dtmf") else "",
                go=go.text() if go else "",
                does=action,
                language=_spoken(language, languages) if language else "",
                where=(entry.file, entry.line, entry.column),
            )
        )
    return tuple(found)


def _spoken(node: Node, languages: tuple[str, ...]) -> str:
    name = node.text()
    if name not in languages:
        node.fault("unknown-language", f"no language {name!r}", did_you_mean(name, languages))
    return name
