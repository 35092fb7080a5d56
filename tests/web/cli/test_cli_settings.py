"""Settings: what wins over what, and how those that make no sense are refused."""

from pathlib import Path

import pytest

from exchange.config import Settings, SettingsError
from exchange.persistence.errors import DatabaseUnavailable


def test_settings_are_as_usual_where_nobody_says_otherwise() -> None:
    assert Settings.from_env({}) == Settings()
    assert Settings().database == "the embedded database in .suanli"


def test_an_option_wins_over_the_environment_and_empty_is_absent() -> None:
    environ = {"SUANLI_PORT": "9000", "SUANLI_DATA_DIR": "there", "DATABASE_URL": ""}
    settings = Settings.from_env(environ, port=9001, data_dir=None)
    assert (settings.port, settings.data_dir, settings.database_url) == (9001, Path("there"), None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "192.168.1.1", ""])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(SettingsError, match="this machine only"):
        Settings.from_env({}, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_every_name_of_this_machine_will_do(host: str) -> None:
    assert Settings.from_env({}, host=host).host in {"127.0.0.1", "127.0.0.2", "::1"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SUANLI_PORT", "web"), ("SUANLI_PORT", "70000"), ("SUANLI_SLOT_SECONDS", "60")],
)
def test_a_setting_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({variable: value})


STRIPE = {"SUANLI_STRIPE_KEY": "sk_test_secret", "SUANLI_STRIPE_WEBHOOK_SECRET": "whsec_secret"}


def test_stripe_takes_a_key_and_a_webhook_secret_and_neither_is_shown() -> None:
    settings = Settings.from_env(STRIPE)
    assert (settings.stripe_key, settings.stripe_webhook_secret) == ("sk_test_secret", "whsec_secret")
    assert "secret" not in repr(settings).replace("stripe_webhook_secret", "")


@pytest.mark.parametrize(
    "environ",
    [
        {"SUANLI_STRIPE_KEY": STRIPE["SUANLI_STRIPE_KEY"]},
        {"SUANLI_STRIPE_WEBHOOK_SECRET": STRIPE["SUANLI_STRIPE_WEBHOOK_SECRET"]},
        STRIPE | {"SUANLI_STRIPE_KEY": "pk_test_secret"},
        STRIPE | {"SUANLI_STRIPE_WEBHOOK_SECRET": "sk_test_secret"},
        STRIPE | {"SUANLI_STRIPE_PUBLISHABLE_KEY": "sk_test_secret"},
        STRIPE | {"SUANLI_STRIPE_PUBLISHABLE_KEY": "pk_live_1"},
        {"SUANLI_STRIPE_PUBLISHABLE_KEY": "pk_test_1"},
    ],
)
def test_stripe_by_half_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="SUANLI_STRIPE") as odd:
        Settings.from_env(environ)
    assert "_test_secret" not in str(odd.value)


def test_a_password_is_never_repeated() -> None:
    settings = Settings.from_env({"DATABASE_URL": "postgres://ann:secret@db.example/venue"})
    assert settings.database == "venue on db.example:5432"
    assert "secret" not in repr(settings)
    with pytest.raises(DatabaseUnavailable) as unreadable:
        Settings.from_env({"DATABASE_URL": "mysql://ann:secret@db.example/venue"})
    with pytest.raises(SettingsError) as odd:
        Settings.from_env({"DATABASE_URL": "postgres://ann:secret@db.example/venue"}, port=-1)
    assert "secret" not in f"{unreadable.value}{odd.value}"
