from ipaddress import ip_network

import pytest

from services.image_classifier.runtime.classifier.addresses import is_in, is_public, parse_address


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(parse_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104  # nothing is bound here
        "10.0.0.1",
        "100.64.0.1",  # shared address space (CGNAT)
        "100.100.100.200",  # metadata of Alibaba Cloud
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",  # wire server of Azure
        "169.254.169.254",  # metadata of most clouds
        "172.16.0.1",
        "192.0.0.192",  # metadata of Oracle's cloud
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",  # NAT64
        "64:ff9b:1::1",
        "100::1",
        "2001::1",  # Teredo
        "2001:db8::1",
        "2002:7f00:1::",  # 6to4
        "fc00::1",
        "fd20:ce::254",  # metadata of Google's cloud
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_all_other_addresses_are_refused(text: str) -> None:
    assert not is_public(parse_address(text))


def test_allowed_networks_hold_for_mapped_addresses_and_for_their_own_version_only() -> None:
    loopback = [ip_network("127.0.0.0/8")]
    assert is_in(parse_address("::ffff:127.0.0.1"), loopback)
    assert not is_in(parse_address("::1"), loopback)
    assert not is_in(parse_address("10.0.0.1"), loopback)
