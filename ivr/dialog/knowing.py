"""Who calls, as the dialog knows it: what lookups, services and the ladder of identification bring.

Owns what happens to the flows being done when the caller becomes known. How surely anybody is known is decided
elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog import steps as st
from ivr.dialog.asking import ended
from ivr.dialog.run import Run
from ivr.dialog.services import customer_of
from ivr.dialog.session import Phase, Tries, Wait
from ivr.dialog.stack import lacking
from ivr.model.dialog import CallerIdentified, ServiceEnded
from ivr.model.identity import Customer, Identity, Level


def identified(run: Run, event: CallerIdentified) -> None:
    """Something became known beside the dialog: at most who has the number. What is more is proven by a service."""
    most = max(run.session.level, Level.L1)
    level = event.identity.level
    identity = replace(event.identity, level=Level.L0 if level is Level.HUMAN else min(level, most))
    # A number lookup that ends late must not undo what the caller has proved since.
    if identity.customer is None and identity.level < run.session.level:
        return
    believe(run, identity)
    _skip_identification(run)


def believe(run: Run, identity: Identity | None) -> None:
    """Take over who calls and how surely; None = nothing changed. A level may also be taken back: what is to be done
    next and takes more is not done then."""
    if identity is None:
        return
    level = Level.L0 if identity.level is Level.HUMAN else identity.level
    _known_as(run, identity.customer or run.session.customer, level)
    step = run.step if run.session.wait is Wait.CALLER and run.session.stack else None
    if isinstance(step, st.QuestionStep) and lacking(run, step):
        ended(run, step, "level lost")
        run.change(phase=Phase.MAIN, tries=Tries(), pending="", others=(), last_said=(), wait=Wait.RUNNING)


def _known_as(run: Run, customer: Customer | None, level: Level) -> None:
    """Somebody else than before hears nothing of what was looked up for the one before."""
    before = run.session.customer
    if before is not None and customer is not None and before.customer_id != customer.customer_id:
        for name in run.assistant.protected:
            run.set_slot(name, None)
        run.change(last_said=())
    run.change(level=level, customer=customer)


def take_service(run: Run, event: ServiceEnded) -> None:
    """A customer's own service may say who calls (`identifies:`)."""
    spec = run.assistant.services.get(event.service)
    outcome = next((o for o in spec.outcomes if o.name == event.outcome), None) if spec else None
    customer = customer_of(event.values.get("customer"))
    if outcome is not None and outcome.identifies is not None and customer is not None:
        _known_as(run, customer, max(run.session.level, outcome.identifies))


def looked_up_beside(run: Run, event: ServiceEnded) -> None:
    """The caller's number was looked up beside the dialog. A number that was only claimed, or proven false, proves
    nothing."""
    caller = run.session.caller
    if event.identity is not None:
        _skip_identification(run)
    elif (
        event.service == run.assistant.identify_service
        and run.session.level is Level.L0
        and (caller.believed or (run.assistant.believe_claimed and caller.verification != "failed"))
    ):
        take_service(run, event)
        _skip_identification(run)


def _skip_identification(run: Run) -> None:
    """The caller became known while being asked who it is: go on with the request."""
    session, flow = run.session, run.assistant.identify_flow
    begun = next((i for i, frame in enumerate(session.stack) if frame.flow == flow and frame.needs), 0)
    if session.wait is not Wait.CALLER or not begun or session.stack[begun].needs > session.level:
        return
    ended(run, run.step, "caller known")
    run.change(stack=session.stack[:begun], phase=Phase.MAIN, tries=Tries(), pending="", others=(), wait=Wait.RUNNING)
