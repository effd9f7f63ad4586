"""A sentence about every word of routing.yml."""

from __future__ import annotations

ROUTING = {
    "acd": "Queues of a contact center that take calls when nobody here can.",
    "address_prefix": "What the user part of an address begins with that names a contact center's queue.",
    "addresses": "User parts of the addresses a contact center dials for this queue.",
    "after_s": "How long a call waits for a person here before it is sent there, in seconds.",
    "agent": "last: only whoever served this customer before; owner: only whose customer it is; any: whoever answers.",
    "callback_after_s": "A call back is offered when the wait is expected to be longer, in seconds.",
    "name": "The agent's name.",
    "names": "What else the contact center calls this queue in its headers.",
    "overflow": "Calls that come because a contact center has nobody free, and how they go back.",
    "precedence": "Which source names the queue first: address, x_queue, diversion, history_info.",
    "priority": "The priority of calls that say none, 0 to 10; the higher, the sooner.",
    "queue": "Our queue that knows about these calls.",
    "queues": "Queues, or the queues this agent answers for.",
    "return_by": "bye: hanging up gives the call back; refer: the call is sent to return_to.",
    "return_to": "The SIP address of the contact center's queue; ${NAME} from the environment.",
    "ring_timeout_s": "How long an agent's phone rings, in seconds.",
    "sip": "SIP address; ${NAME} from the environment.",
    "skills": "Skill to weight, or to this agent's proficiency, 0 to 5.",
    "steps": "What is asked of agents as the caller waits, loosening; after the last, any agent of the queue.",
    "whisper_max_s": "How long the agent is briefed before the caller, in seconds.",
    "wrap_up_s": "Time for notes after a call, in seconds.",
}
