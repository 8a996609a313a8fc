from ipaddress import ip_network

import pytest

from services.image_classifier.runtime.classifier.settings import Settings, SettingsError


def test_settings_left_out_or_empty_have_their_defaults() -> None:
    assert Settings.from_environment({}) == Settings.from_environment({"THREADS": "", "ALLOWED_NETWORKS": ""})


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.from_environment({"THREADS": "6", "ALLOWED_NETWORKS": "10.1.0.0/16, fd00::/8"})
    assert (settings.threads, settings.prediction_slots) == (6, 3)
    assert settings.allowed_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("key", "value", "mend"),
    [
        ("THREADS", "many", "a whole number from 2 to 256"),
        ("THREADS", "1", "a whole number from 2 to 256"),
        ("FETCH_SECONDS", "-1", "a whole number from 1 to 300"),
        ("ALLOWED_NETWORKS", "10.1.2.3/16", "has host bits set"),
        ("ALLOWED_NETWORKS", "intranet", "10.20.0.0/16"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_the_mend(key: str, value: str, mend: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({key: value})
    assert key in str(error.value)
    assert value in str(error.value)
    assert mend in str(error.value)
