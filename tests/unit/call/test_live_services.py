"""A call typed at a keyboard is identified like one by telephone: same customers, same limits."""

from __future__ import annotations

from pathlib import Path

from ivr.call.directories import ImportedDirectory
from ivr.call.identity_desk import IdentityDesk
from ivr.call.live_services import LiveServices
from ivr.call.services import ServiceCaller
from ivr.dialog.assistant import load_assistant
from ivr.identity.policy import DEFAULT
from ivr.metrics import Metrics
from ivr.model.dialog import CallService
from ivr.model.identity import Candidate, Level, Phone
from ivr.storage.customers import Findable
from ivr.storage.store import Store

MOBILE = "+4915123456789"
ANNA = Candidate(
    customer_id="C1",
    household="H1",
    names={"en": "Anna Petrova"},
    birth_date="1980-05-17",
    facts={"policy_number": ("7033111",)},
    phones=(Phone(number=MOBILE),),
)


async def test_steps_of_identification_are_done_for_a_typed_call(repo_root: Path, database_url: str) -> None:
    store = await Store.open(database_url)
    await store.save_customers([Findable(ANNA, [("policy_number", "7033111")])])
    desk = IdentityDesk(ImportedDirectory(store), store, None, Metrics())
    live = LiveServices(ServiceCaller({}, Metrics()), desk)
    assistant = load_assistant(repo_root / "dialogs" / "insurance")

    async def level(service: str, **args: object) -> tuple[str, Level]:
        ended = await live(CallService(service=service, args=args, timeout_ms=3000))
        return ended.outcome, ended.identity.level if ended.identity else Level.L0

    live.begin(assistant, DEFAULT, MOBILE, "en")
    assert await level("recognise") == ("ok", Level.L1)
    said = {"policy_number": "7033111", "birth_date": "1980-05-17"}
    assert await level("spoken_id", **said) == ("ok", Level.L2)
    live.begin(assistant, DEFAULT, "", "en")  # another call knows nobody
    assert await level("recognise") == ("no_number", Level.L0)
    assert await level("spoken_id", **{**said, "birth_date": "1980-05-18"}) == ("refused", Level.L0)
    assert len(await store.tries()) == 2
    await live.close()
    await store.close()
