"""The end of a step-up that would ask for more proofs than stepup: of identity.yml allows."""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Tries
from ivr.dialog.stack import escape, not_identified
from ivr.dialog.stepup import proof_of
from ivr.model.identity import OnFail


def too_many_proofs(run: Run, step: st.Step) -> bool:
    """Count the proof this step begins or goes on with. True when it is one too many: the step-up was left."""
    stepup, session = run.assistant.stepup, run.session
    proof = proof_of(run.assistant, step) if stepup is not None else ""
    begun = next((i for i in reversed(range(len(session.stack))) if session.stack[i].needs), -1)
    if stepup is None or not proof or begun < 0 or proof in session.stack[begun].proofs:
        return False
    frame = session.stack[begun]
    if len(frame.proofs) < stepup.max_steps:
        counted = replace(frame, proofs=(*frame.proofs, proof))
        run.change(stack=(*session.stack[:begun], counted, *session.stack[begun + 1 :]))
        return False
    run.note("identity.stepup", proofs=len(frame.proofs), on_fail=stepup.on_fail.value)
    if stepup.on_fail is OnFail.WARM_TRANSFER:
        escape(run, "too many proofs")
        return True
    run.change(stack=session.stack[:begun], phase=Phase.MAIN, tries=Tries(), pending="", others=())
    not_identified(run)
    return True
