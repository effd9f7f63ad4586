"""What a designer's dialog must not contain: every check of an assistant as a whole, run whenever one is loaded.

Errors stop the assistant from being used; warnings are advice. Each finding has its place and the way to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.dialog import conditions, foresight, levels, paths, wording
from ivr.dialog import steps as st
from ivr.dialog.source import Faults, Place, did_you_mean
from ivr.dialog.texts import PLACEHOLDER, Response
from ivr.model.errors import Fault
from ivr.model.identity import Level

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant

BUILTIN_NAMES = frozenset(
    {"customer", "caller", "level", "needed", "language", "hearing", *(level.name for level in Level)}
)


def lint(folder: Path) -> tuple[Fault, ...]:
    """Every error and warning in an assistant's folder, by place."""
    from ivr.dialog.assistant import examine

    return examine(folder)[1]


def check(assistant: Assistant, faults: Faults) -> None:
    """Add every finding about the assistant to faults."""
    _Check(assistant, faults).run()


class _Check:
    def __init__(self, assistant: Assistant, faults: Faults) -> None:
        self.assistant, self.faults = assistant, faults
        self.names = frozenset(assistant.slots) | BUILTIN_NAMES
        collects = [s for f in assistant.flows.values() for s in f.steps.values() if isinstance(s, st.CollectStep)]
        bounds = {s.outside: frozenset({"least", "most"}) for s in collects}
        bounds |= {f"utter_outside_{name}": frozenset({"least", "most"}) for name in assistant.slots}
        pairs = dict.fromkeys([s.which for s in collects], frozenset({"first", "second"}))
        pairs |= {f"utter_which_{name}": frozenset({"first", "second"}) for name in assistant.slots}
        self.own_names = bounds | pairs

    def add(self, where: st.Where, code: str, what: str, fix: str, severity: str = "error") -> None:
        self.faults.add(Place(*where), code, what, fix, severity)

    def warn(self, where: st.Where, code: str, what: str, fix: str) -> None:
        self.add(where, code, what, fix, "warning")

    def run(self) -> None:
        self.whole()
        for flow in self.assistant.flows.values():
            self.flow(flow)
            for step in flow.steps.values():
                self.step(step)
        for texts in self.assistant.responses.values():
            for response in texts.values():
                for variation in response.variations:
                    self.response(variation)
        wording.check(self.assistant, self.faults)
        foresight.check(self.assistant, self.faults)
        levels.check(self.assistant, self.faults)

    # ---- the assistant as a whole ----
    def whole(self) -> None:
        assistant, top = self.assistant, ("dialog.yml", 0, 0)
        for role, name in assistant.texts.items():
            self.text(top, name, f"the assistant says it itself ({role})")
        steps = [step for flow in assistant.flows.values() for step in flow.steps.values()]
        if not any(isinstance(step, st.HandoffStep) for step in steps):
            self.add(top, "no-human", "no step reaches a human", "Add a flow with a handoff: step.")
        if not any(g.intent == "operator" for g in assistant.globals):
            self.warn(top, "no-operator", "a caller cannot ask for a human everywhere", "Add a global for operator.")
        if not any(r.discloses for texts in assistant.responses.values() for r in texts.values()):
            fix = "Add metadata: {discloses: bot} to the response that does."
            self.warn(top, "no-disclosure", "no response says that a machine is speaking", fix)
        for choice in assistant.globals:
            self.known("intent", choice.intent, assistant.intents, choice.where)
        self.distinct_keys(assistant.globals, {})
        used = {assistant.start, assistant.escape, assistant.identify_flow, *(g.go for g in assistant.globals)}
        used |= {name for flow in assistant.flows.values() for name in paths.flows_from(flow)}
        for flow in assistant.flows.values():
            if flow.name not in used:
                self.warn(
                    flow.where, "unreachable-flow", f"nothing leads to flow {flow.name!r}", "Call it or remove it."
                )

    def flow(self, flow: st.Flow) -> None:
        assistant = self.assistant
        if flow.request:
            self.known("intent", flow.request, assistant.intents, flow.where)
        if Level.L0 < flow.level < Level.HUMAN and not assistant.identify_flow:
            fix = "Add identify: {flow: ...} to dialog.yml."
            self.add(flow.where, "no-identification", f"{flow.name} needs {flow.level.name} and nothing gives it", fix)
        if flow.name == assistant.identify_flow and flow.level > Level.L0:
            self.add(flow.where, "level", "the identifying flow needs a level itself", "Remove its level.")
        for name in flow.steps.keys() - paths.reachable(flow):
            step = flow.steps[name]
            self.warn(step.where, "unreachable-step", f"no path leads to step {name!r}", "Lead to it or remove it.")
        resolving = {n for n, s in flow.steps.items() if isinstance(s, st.AskStep) and s.resolves}
        for name in paths.reachable(flow, stop_at=frozenset(resolving)):
            if isinstance(flow.steps[name], st.OfferStep):
                fix = "Put an ask: with resolves: true before it; the gate stays closed without."
                self.warn(flow.steps[name].where, "offer-unresolved", "an offer before the request is resolved", fix)

    # ---- steps ----
    def step(self, step: st.Step) -> None:
        match step:
            case st.SayStep():
                self.texts(step, step.responses)
            case st.BranchStep():
                self.conditions(step, [condition for condition, _ in step.arms])
            case st.ActionStep():
                self.action(step)
            case st.HandoffStep():
                self.handoff(step)
            case st.CallbackStep():
                self.texts(step, (step.utter,))
                self.template(step.at(step.number), step.number)
            case st.HangupStep():
                self.text(step.at(step.utter), step.utter, "the call ends with it")
            case st.SetStep():
                self.settings(step)
            case st.LanguageStep():
                self.known("language", step.language, self.assistant.languages, step.at(step.language))
            case st.RetryStep():
                self.slots(step, step.clear)
            case st.QuestionStep():
                self.question(step)

    def slots(self, step: st.Step, names: Iterable[str]) -> None:
        for name in names:
            self.known("slot", name, self.assistant.slots, step.at(name))

    def settings(self, step: st.SetStep) -> None:
        for name, value in step.values.items():
            self.known("slot", name, self.assistant.slots, step.at(name))
            self.template(step.at(name), value)
            slot = self.assistant.slots.get(name)
            if self.secrets(value) and slot is not None and not slot.sensitive:
                what = f"the sensitive slot {self.secrets(value)[0]!r} is copied to {name!r}, which is not"
                self.warn(step.at(name), "sensitive-copied", what, f"Make {name} sensitive: true.")

    def question(self, step: st.QuestionStep) -> None:
        self.text(step.at(step.utter), step.utter, "it is asked here")
        if not self.every_language(f"{step.utter}_2"):
            what = f"{step.utter} is asked again in the same words"
            self.warn(step.where, "no-reask", what, f"Add {step.utter}_2, shorter and with an example.")
        if step.help:
            self.text(step.at(step.help), step.help, "it is the help here")
        if step.policy.noinput_max == 0 and step.escape is None:
            what = "the first silence ends this question, and it names no way on"
            self.warn(step.where, "noinput-path", what, "Add escape: to the step, or noinput: {max: 1}.")
        taken = {g.dtmf: "a global" for g in self.assistant.globals if g.dtmf and step.globals}
        if isinstance(step, st.AskStep):
            taken |= {"1": "yes", "2": "no"}
        self.distinct_keys(step.options, taken)
        for option in step.options:
            self.known("intent", option.intent, self.assistant.intents, option.where)
            if not self.every_language(f"utter_confirm_{option.intent}"):
                what = f"a doubtful {option.intent!r} cannot be asked back"
                self.warn(option.where, "no-confirm", what, f"Add utter_confirm_{option.intent}.")
        if isinstance(step, st.CollectStep):
            self.collect(step)

    def collect(self, step: st.CollectStep) -> None:
        self.known("slot", step.slot, self.assistant.slots, step.at(step.slot))
        slot = self.assistant.slots.get(step.slot)
        if slot is not None and slot.type == "any":
            self.add(step.where, "slot-type", f"slot {slot.name} of type any cannot be collected", "Give it a type.")
        if slot is not None and slot.candidates_from:
            self.known("slot", slot.candidates_from, self.assistant.slots, step.at(step.slot))
        if step.confirm != "never":
            self.text(step.where, step.confirm_utter, f"confirm: {step.confirm} reads the value back with it")

    def action(self, step: st.ActionStep) -> None:
        spec = self.assistant.services.get(step.service)
        self.known("service", step.service, self.assistant.services, step.at(step.service))
        for template in step.args.values():
            self.template(step.at(template), template)
        if step.hold_utter:
            self.text(step.at(step.hold_utter), step.hold_utter, "it is said while the service is slow")
        if spec is None:
            return
        for name in step.outcomes.keys() - spec.outcome_names:
            self.known("outcome", name, spec.outcome_names, step.at(name))
        about = any(m[1].startswith("customer.") for t in step.args.values() for m in PLACEHOLDER.finditer(t))
        first = self.assistant.flows.get(self.assistant.identify_flow)
        making_known = spec.identity is not None or (first is not None and first.steps.get(step.id) is step)
        if about and not spec.needs and not making_known:
            what = f"{step.service} is about a customer and does not say how surely the caller must be known"
            self.warn(step.at(step.service), "needs-unsaid", what, "Add needs: L1 (or more) to it in services.yml.")
        for name in spec.arguments - step.args.keys():
            self.add(step.at("with"), "argument", f"{step.service} needs {name!r}", f"Add with: {{{name}: ...}}.")
        for name in sorted(step.args.keys() & spec.url_arguments):
            if self.secrets(step.args[name]):
                what = f"the sensitive slot {self.secrets(step.args[name])[0]!r} is sent in the URL, which servers log"
                self.warn(step.at(name), "sensitive-url", what, "Send it in the body.")
        for name in step.args.keys() - spec.accepted:
            self.known("argument", name, spec.accepted, step.at(name))

    def handoff(self, step: st.HandoffStep) -> None:
        self.texts(step, (step.utter,))
        for name in step.data:
            self.known("slot", name, self.assistant.slots, step.at(name))
            slot = self.assistant.slots.get(name)
            if slot is not None and slot.sensitive:
                what = f"the sensitive slot {name!r} would be passed to the agent"
                self.add(step.at(name), "sensitive-data", what, "Remove it from data.")

    # ---- words ----
    def texts(self, step: st.Step, names: Iterable[str]) -> None:
        for name in names:
            if name:
                self.text(step.at(name), name, "it is said here")

    def text(self, where: st.Where, name: str, why: str) -> None:
        for language, texts in self.assistant.responses.items():
            if name not in texts:
                hint = did_you_mean(name, texts) if texts else ""
                fix = f"Add it to responses.{language}.yml. {hint}".strip()
                self.add(where, "missing-text", f"no response {name!r} in {language}; {why}", fix)

    def every_language(self, name: str) -> bool:
        return all(name in texts for texts in self.assistant.responses.values())

    def response(self, response: Response) -> None:
        for path, formatter, extra in response.placeholders:
            # Only a currency is looked up in a slot; the forms of a counted noun are words.
            looked_up = extra.split(".")[0] if formatter == "money" else ""
            for name in filter(None, (path.split(".")[0], looked_up)):
                allowed = self.names | self.own_names.get(response.name, frozenset())
                self.known("slot", name, allowed, response.place)
            slot = self.assistant.slots.get(path.split(".")[0])
            if slot is not None and slot.sensitive and formatter != "masked":
                what = f"{response.name} speaks the sensitive slot {slot.name!r}"
                self.add(response.place, "sensitive-spoken", what, f"Write {{{path}|masked}} or leave it out.")

    def template(self, where: st.Where, value: object) -> None:
        for match in PLACEHOLDER.finditer(value) if isinstance(value, str) else ():
            self.known("slot", match[1].split(".")[0], self.names, where)

    def secrets(self, value: object) -> list[str]:
        """Sensitive slots a template takes."""
        found = [m[1].split(".")[0] for m in PLACEHOLDER.finditer(value)] if isinstance(value, str) else []
        return [n for n in found if n in self.assistant.slots and self.assistant.slots[n].sensitive]

    def conditions(self, step: st.Step, expressions: Iterable[str]) -> None:
        for expression in filter(None, expressions):
            try:
                conditions.check(expression, self.names)
            except conditions.ConditionError as error:
                example = 'Write it like claim.status == "paid".'
                fix = did_you_mean(error.unknown, self.names) if error.unknown else example
                self.add(step.at(expression), "condition", f"in {expression!r}: {error}", fix)

    # ---- names and keys ----
    def known(self, kind: str, name: str, names: Iterable[str], where: st.Where) -> None:
        allowed = frozenset(names)
        if name and name not in allowed:
            self.add(where, f"unknown-{kind}", f"no {kind} {name!r}", did_you_mean(name, allowed))

    def distinct_keys(self, choices: Iterable[st.Option | st.Global], taken: dict[str, str]) -> None:
        seen = dict(taken)
        for choice in choices:
            if choice.dtmf and choice.dtmf in seen:
                what = f"key {choice.dtmf} means {seen[choice.dtmf]} already"
                self.add(choice.where, "dtmf-twice", what, "Use another key.")
            elif choice.dtmf:
                seen[choice.dtmf] = repr(choice.intent)
