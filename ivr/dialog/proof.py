"""The proof that nothing is done, told or decided below the level it takes: a walk over every path of every flow.

Owns an abstraction of the engine: where each flow being done stands, how surely the caller is known, and what is wanted
of the flows below; slots may hold anything. Whatever the engine can come to, the walk comes to as well (tests compare
them). What a step takes is clearance's matter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ivr.dialog import clearance
from ivr.dialog import steps as st
from ivr.dialog.activations import ENTRY, Activation, Levels, Return, State
from ivr.dialog.clearance import GUARDED
from ivr.dialog.decided import decided
from ivr.dialog.steps import NEXT, Target
from ivr.dialog.stepup import callback_flow, proof_of
from ivr.model.identity import Level, OnFail

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant


class Walk:
    """Everything the dialog can come to. origin: state -> the one before it, on a shortest way. steady: nobody loses a
    level."""

    def __init__(self, assistant: Assistant, *, steady: bool = False) -> None:
        self.assistant, self.steady = assistant, steady
        self.identify = assistant.identify_flow
        self.origin: dict[State, State | None] = {}
        self.returns: dict[Activation, set[Return]] = {}
        self.exits: dict[Activation, set[tuple[State, bool]]] = {}
        self.todo: deque[State] = deque()
        self.known = int(self._looked_up())
        self.jump(None, assistant.start, 0)
        while self.todo:
            self.visit(self.todo.popleft())

    def _looked_up(self) -> Level:
        """What becomes known beside the dialog at most."""
        spec = self.assistant.services.get(self.assistant.identify_service or "")
        return max([Level.L1, *(o.identifies for o in spec.outcomes if o.identifies)] if spec else [Level.L1])

    def path(self, state: State) -> list[str]:
        """The places on the way to a state."""
        places: list[str] = []
        here: State | None = state
        while here is not None:
            if here.step not in (ENTRY, "") and (not places or places[-1] != here.place):
                places.append(here.place)
            here = self.origin[here]
        return places[::-1]

    # ---- moving ----
    def reach(self, state: State, before: State | None) -> None:
        if state not in self.origin:
            self.origin[state] = before
            self.todo.append(state)

    def go(self, state: State, target: Target, level: int) -> None:
        """Follow a target from a step, with the level there is by now."""
        if target.flow:
            self.jump(state, target.flow, level)
            return
        step = "" if target.back else target.step or self.step(state).next
        self.reach(State(state.doing, step, level), state)

    def jump(self, state: State | None, flow: str, level: int) -> None:
        """Leave every flow and begin this one."""
        if flow in self.assistant.flows:
            needs = 0 if flow == self.identify else -1
            self.reach(State(Activation(flow, level, 0, needs), ENTRY, level), state)

    def call(self, state: State, flow: str, after: str) -> None:
        """Do a flow and come back to a step."""
        if flow not in self.assistant.flows:
            return
        below = state.doing
        wanted = 0 if below.flow == self.identify else max(below.wanted, self.level_of(below.flow))
        needs = 0 if flow == self.identify else below.needs
        inner = Activation(flow, state.level, wanted, needs)
        self.begin(inner, Return(below, after, 0, state), state)

    def begin(self, inner: Activation, back: Return, state: State) -> None:
        known = self.returns.setdefault(inner, set())
        if back not in known:
            known.add(back)
            for end, skipped in tuple(self.exits.get(inner, ())):
                self.come_back(back, end, skipped=skipped)
        self.reach(State(inner, ENTRY, state.level), state)

    def leave(self, end: State, *, skipped: bool = False) -> None:
        """A flow is done. skipped: the caller became known while being asked; every flow of identification is left."""
        known = self.exits.setdefault(end.doing, set())
        if (end, skipped) not in known:
            known.add((end, skipped))
            for back in tuple(self.returns.get(end.doing, ())):
                self.come_back(back, end, skipped=skipped)

    def come_back(self, back: Return, end: State, *, skipped: bool) -> None:
        here = State(back.doing, back.step, end.level)
        if skipped and end.doing.flow != self.identify:
            self.origin.setdefault(State(back.doing, "", end.level), end)
            self.leave(State(back.doing, "", end.level), skipped=True)
        elif back.needs > end.level:
            self.escape(here, end, leaving=True)
            self.call_back(end)
        else:
            self.reach(here, end)

    def step_up(self, state: State, needs: int, after: str) -> None:
        if needs >= Level.HUMAN or state.doing.needs >= 0 or not self.identify:
            self.escape(state, state, leaving=True)
            return
        inner = Activation(self.identify, state.level, 0, needs)
        self.begin(inner, Return(state.doing, after, needs, state), state)

    def escape(self, state: State, before: State, *, leaving: bool = False) -> None:
        flow = self.assistant.flows[state.doing.flow]
        step = flow.steps.get(flow.first if state.step == ENTRY else state.step)
        own = step.escape if isinstance(step, st.QuestionStep) else None
        ways = [way for way in (own, flow.escape) if way is not None and (way.flow or not leaving)]
        target = ways[0] if ways else NEXT
        if target.flow or target == NEXT or (step is not None and target.step == step.id):
            self.jump(before, target.flow or self.assistant.escape, state.level)
        else:
            after = "" if target.back else target.step
            self.reach(State(state.doing, after, state.level), before)

    # ---- what the flows take ----
    def level_of(self, flow: str) -> int:
        return int(self.assistant.flows[flow].level)

    def step(self, state: State) -> st.Step:
        return self.assistant.flows[state.doing.flow].steps[state.step]

    def guard(self, state: State) -> int:
        """What has to be reached before the step is done, 0 when the caller has it; the service's own need apart."""
        if not isinstance(self.step(state), GUARDED):
            return 0
        doing = state.doing
        wanted = 0 if doing.flow == self.identify else max(doing.wanted, self.level_of(doing.flow))
        return wanted if wanted > state.level else 0

    # ---- doing ----
    def visit(self, state: State) -> None:
        flow = self.assistant.flows[state.doing.flow]
        if state.step == ENTRY:
            if state.level < flow.level < Level.HUMAN:
                self.step_up(state, flow.level, flow.first)
            else:
                self.reach(State(state.doing, flow.first, state.level), state)
        elif state.step not in flow.steps:
            self.leave(state)
        elif (needs := max(self.guard(state), self.service_needs(state))) > state.level:
            self.step_up(state, needs, state.step)
        else:
            if state.doing.needs >= 0 and proof_of(self.assistant, self.step(state)):
                self.too_long(state)
            self.perform(state, self.step(state))

    def too_long(self, state: State) -> None:
        """The step-up has asked for as many proofs as it may."""
        if self.assistant.stepup is None:
            return
        if self.assistant.stepup.on_fail is OnFail.WARM_TRANSFER:
            self.escape(state, state)
            return
        self.origin.setdefault(State(state.doing, "", state.level), state)
        self.leave(State(state.doing, "", state.level), skipped=True)

    def call_back(self, end: State) -> None:
        """A step-up failed, and the caller is promised a call instead."""
        stepup, flow = self.assistant.stepup, callback_flow(self.assistant)
        if stepup is not None and stepup.on_fail is OnFail.CALLBACK and flow:
            self.jump(end, flow, end.level)

    def service_needs(self, state: State) -> int:
        return int(clearance.of_service(self.assistant.services, self.step(state)))

    def perform(self, state: State, step: st.Step) -> None:
        match step:
            case st.QuestionStep():
                self.question(state, step)
            case st.ActionStep():
                self.action(state, step)
            case st.HandoffStep():
                targets = {*step.outcomes.values(), step.outcomes.get("", NEXT)}
                for level in self.waiting(state):
                    for target in targets:
                        self.go(state, target, level)
            case st.OfferStep():
                for level in self.waiting(state):
                    self.go(state, NEXT, level)
                    self.everywhere(state, level)
            case st.CallStep():
                self.call(state, step.flow, step.next)
            case st.HangupStep():
                pass
            case _:
                for target in self.ways(state, step):
                    self.go(state, target, state.level)

    def ways(self, state: State, step: st.Step) -> Iterator[Target]:
        """Where a step leads that waits for nobody."""
        match step:
            case st.BranchStep():
                yield from self.arms(state, step)
            case st.CallbackStep():
                yield from (NEXT, step.no_number)
            case st.GoStep():
                yield step.target
            case st.RetryStep():
                yield from (step.go, step.otherwise)
            case _:
                yield NEXT

    def arms(self, state: State, step: st.BranchStep) -> Iterator[Target]:
        known = {level.name: int(level) for level in Level}
        known |= {"level": state.level, "needed": max(state.doing.needs, 0)}
        for condition, target in step.arms:
            found = decided(condition, known) if condition else {True}
            if True in found:
                yield target
            if False not in found:
                return
        yield NEXT

    def question(self, state: State, step: st.QuestionStep) -> None:
        targets = [option.go for option in step.options if not option.call]
        if isinstance(step, st.AskStep):
            targets += [step.affirm, step.deny if step.deny is not None else step.affirm]
        elif isinstance(step, st.CollectStep):
            targets.append(NEXT)
        for target in targets:
            self.go(state, target, state.level)
        for option in step.options:
            if option.call:
                self.call(state, option.call, step.next)
        for other in self.correctable(state.doing.flow):
            self.reach(State(state.doing, other, state.level), state)
        self.escape(state, state)
        if step.globals:
            self.everywhere(state, state.level)
        for level in self.waiting(state):
            self.reach(State(state.doing, state.step, level), state)
            if 0 <= state.doing.needs <= level and level != state.level:
                self.origin.setdefault(State(state.doing, "", level), state)
                self.leave(State(state.doing, "", level), skipped=True)

    def correctable(self, flow: str) -> Iterator[str]:
        """Questions of a flow that a correction goes back to; of secrets there is none."""
        slots = self.assistant.slots
        for step in self.assistant.flows[flow].steps.values():
            if isinstance(step, st.CollectStep) and step.slot in slots and not slots[step.slot].sensitive:
                yield step.id

    def everywhere(self, state: State, level: int) -> None:
        for choice in self.assistant.globals:
            if choice.go:
                self.jump(state, choice.go, level)

    def waiting(self, state: State) -> Levels:
        """The levels the caller may have after a while: risk takes some, a lookup gives one."""
        left = (state.level,) if self.steady else range(state.level + 1)
        return tuple(
            dict.fromkeys(max(level, self.known) if up and not level else level for level in left for up in (0, 1))
        )

    def action(self, state: State, step: st.ActionStep) -> None:
        spec = self.assistant.services.get(step.service)
        names = spec.outcome_names if spec else frozenset({"ok", "error"})
        for waited in self.waiting(state):
            for name in sorted(names | {"ok"}):
                for level in clearance.gives(spec, name, waited):
                    self.outcome(state, step, name, level)

    def outcome(self, state: State, step: st.ActionStep, name: str, level: int) -> None:
        target = step.outcomes.get(name)
        if target is None and name == "timeout":
            target = step.outcomes.get("error")
        if target is not None:
            self.go(state, target, level)
        elif name in ("error", "timeout"):
            self.escape(State(state.doing, state.step, level), state)
        else:
            self.go(state, NEXT, level)
