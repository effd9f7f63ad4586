"""One call: its controller, what it says and hears, its journal, services and handoff. Knows no SIP and no models."""
