"""A sentence about every word of routing.yml."""

from __future__ import annotations

ROUTING = {
    "acd": "Queues of a contact center that take calls when nobody here can.",
    "after_s": "How long a call waits for a person here before it is sent there, in seconds.",
    "agent": "last: only whoever served this customer before; owner: only whose customer it is; any: whoever answers.",
    "name": "The agent's name.",
    "queues": "Queues, or the queues this agent answers for.",
    "ring_timeout_s": "How long an agent's phone rings, in seconds.",
    "sip": "SIP address; ${NAME} from the environment.",
    "skills": "Skill to weight, or to this agent's proficiency, 0 to 5.",
    "steps": "What is asked of agents as the caller waits, loosening; after the last, any agent of the queue.",
    "whisper_max_s": "How long the agent is briefed before the caller, in seconds.",
    "wrap_up_s": "Time for notes after a call, in seconds.",
}
