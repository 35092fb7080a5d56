"""What whoever runs a venue can choose: read once, from options and the environment, and then passed down."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from exchange.persistence.urls import describe, normalise
from exchange.venue.rules import SLOT_LENGTHS

VARIABLES = {
    "data_dir": "SUANLI_DATA_DIR",
    "database_url": "DATABASE_URL",
    "host": "SUANLI_HOST",
    "port": "SUANLI_PORT",
    "slot_seconds": "SUANLI_SLOT_SECONDS",
    "stripe_key": "SUANLI_STRIPE_KEY",
    "stripe_publishable_key": "SUANLI_STRIPE_PUBLISHABLE_KEY",
    "stripe_webhook_secret": "SUANLI_STRIPE_WEBHOOK_SECRET",
    "stripe_address": "SUANLI_STRIPE_ADDRESS",
}
"""The environment variable of each setting. An option wins over it; one that is empty counts as absent."""


class SettingsError(ValueError):
    """A setting can't be used, said in a sentence that names it."""


def _loopback(host: str) -> str:
    """Keys travel unencrypted, so nobody else may listen: other machines come in through a proxy with TLS."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        here = ipaddress.ip_address(address).is_loopback
    except ValueError:
        here = False
    if not here:
        raise ValueError("should be 127.0.0.1, ::1 or localhost: the venue serves this machine only")
    return address


def _slot_length(seconds: int) -> int:
    if seconds not in SLOT_LENGTHS:
        raise ValueError(f"should be one of {', '.join(map(str, SLOT_LENGTHS))}")
    return seconds


def _stripe_key(key: str) -> str:
    if not key.startswith(("sk_", "rk_")):
        raise ValueError("should begin with sk_ or rk_: a publishable key can't take money")
    return key


def _publishable_key(key: str) -> str:
    if not key.startswith("pk_"):
        raise ValueError("should begin with pk_: every buyer's browser is told it")
    return key


def _of_one_mode(publishable: str | None, secret: str | None) -> bool:
    """Whether a publishable key, if there is one, goes with the secret one: `pk_test_…` and `sk_test_…`."""
    return publishable is None or (secret or "").split("_")[1:2] == publishable.split("_")[1:2]


def _webhook_secret(secret: str) -> str:
    if not secret.startswith("whsec_"):
        raise ValueError("should begin with whsec_: it is the signing secret of the endpoint")
    return secret


class Settings(BaseModel):
    """A venue's place and manners.

    `data_dir` keeps the embedded database, and what a server and its commands share. `database_url` leads to another
    database instead, and is in our driver's form. `port` 0 takes any free one. `slot_seconds` is for a new venue:
    one that has opened keeps its own. With a `stripe_key`, of test mode or live, money comes in by Stripe, whose webhooks
    are signed with the `stripe_webhook_secret`; `stripe_address` is for another server than Stripe's. With a
    `stripe_publishable_key` of the same mode, buyers pay by Stripe's own form on a page of the venue.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path(".suanli")
    database_url: Annotated[str, AfterValidator(normalise)] | None = Field(default=None, repr=False)
    host: Annotated[str, AfterValidator(_loopback)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    slot_seconds: Annotated[int, AfterValidator(_slot_length)] = 3600
    stripe_key: Annotated[str, AfterValidator(_stripe_key)] | None = Field(default=None, repr=False)
    stripe_publishable_key: Annotated[str, AfterValidator(_publishable_key)] | None = None
    stripe_webhook_secret: Annotated[str, AfterValidator(_webhook_secret)] | None = Field(
        default=None, repr=False
    )
    stripe_address: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **options: object) -> "Settings":
        """Settings from options, None where not given, then from the environment, then as they usually are.

        Raises `SettingsError`, or `DatabaseUnavailable` for a DATABASE_URL that can't be read.
        """
        values: dict[str, object] = {
            name: environ[variable] for name, variable in VARIABLES.items() if environ.get(variable)
        }
        values |= {name: value for name, value in options.items() if value is not None}
        try:
            read = cls.model_validate(values)
        except ValidationError as invalid:
            raise SettingsError(_sentence(invalid)) from None
        if (read.stripe_key is None) != (read.stripe_webhook_secret is None):
            both = f"{VARIABLES['stripe_key']} and {VARIABLES['stripe_webhook_secret']}"
            raise SettingsError(f"Give both of {both}, or neither: what was paid is told by webhooks.")
        if not _of_one_mode(read.stripe_publishable_key, read.stripe_key):
            both = f"{VARIABLES['stripe_publishable_key']} and {VARIABLES['stripe_key']}"
            raise SettingsError(f"Give {both} of one mode: both of test mode, or both live.")
        return read

    @property
    def database(self) -> str:
        """Which database it is, in words and without any password."""
        return self.elsewhere or f"the embedded database in {self.data_dir}"

    @property
    def elsewhere(self) -> str | None:
        """The database that DATABASE_URL leads to, in words; None for the embedded one."""
        return None if self.database_url is None else describe(self.database_url)


def _sentence(invalid: ValidationError) -> str:
    """The first fault, in words. What was written is left out: it may hold a password."""
    fault = invalid.errors(include_url=False, include_input=False)[0]
    name = str(fault["loc"][0])
    said = fault["msg"].removeprefix("Value error, ")
    return f"{name.replace('_', '-')} ({VARIABLES[name]}) can't be used: {said[0].lower()}{said[1:]}."
