"""A self-hosted telephone voice bot. docs/architecture.md is the map of these rooms."""

__version__ = "0.1.0"
