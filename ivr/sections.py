"""Sections of ivr.toml that check themselves. Owns their names, defaults and ranges, as ivr/config.py the others'."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class IdentitySettings(BaseModel):
    """Identification. directory: imported: the customers of `ivr customers import`; rest: behind directory_url
    (docs/customers.md), token in directory_token_env. gateway: how messages reach telephones; off: no codes; webhook:
    POSTed to gateway_url, signed with the key in gateway_key_env; console: shown on standard output, for demos.
    key_env: environment variable with the key of code hashes; without it each start makes one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Literal["imported", "rest"] = "imported"
    directory_url: str = ""
    directory_token_env: str = "IVR_DIRECTORY_TOKEN"
    gateway: Literal["off", "webhook", "console"] = "off"
    gateway_url: str = ""
    gateway_key_env: str = "IVR_GATEWAY_KEY"
    gateway_timeout_ms: Annotated[int, Field(ge=100, le=5000)] = 1500
    key_env: str = "IVR_IDENTITY_KEY"

    @model_validator(mode="after")
    def _complete(self) -> IdentitySettings:
        """Refuses a place without its address, and a gateway whose messages nobody could trust."""
        places = (("directory", "rest", self.directory_url), ("gateway", "webhook", self.gateway_url))
        for word, remote, url in places:
            if getattr(self, word) == remote and not url.startswith(("http://", "https://")):
                raise ValueError(f"{word}_url must be an http or https address, got {url!r}")
        if self.gateway == "webhook" and not os.environ.get(self.gateway_key_env):
            raise ValueError(f"messages are signed: set their key in the environment variable {self.gateway_key_env}")
        return self
