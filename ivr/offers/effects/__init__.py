"""What offers do to callers: estimates with the known probability of being offered something, and verdicts on groups.

Owns the statistics of domain.md 1.5 and nothing else: arrays and numbers come in, findings go out. Which calls count,
where they are stored and what a page looks like is decided elsewhere.
"""
