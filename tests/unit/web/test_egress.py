"""What is sent nowhere, as far as it can be said without a network; test_egress of the contracts tries the rest."""

import pytest

from shared.web.egress import Egress, NotPermitted, vetted
from shared.web.public_addresses import permitted

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@example.org/",
        "https://example.org/#part",
        "https://example.org\\@10.0.0.1/",
        "https://example.org/ x",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://exämple.org/",
        "https://example.org/" + "x" * 2000,
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_public_https_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(NotPermitted):
        Egress().vet(url)


@pytest.mark.parametrize("url", ["https://example.org/hook", "https://1.1.1.1:8443/?a=b"])
def test_a_public_one_is_not(url: str) -> None:
    assert Egress().vet(url).scheme == "https"


def test_a_name_with_one_private_address_is_refused() -> None:
    with pytest.raises(NotPermitted):
        vetted(["1.1.1.1", "::ffff:10.0.0.1"], may=permitted)
    with pytest.raises(NotPermitted):
        vetted(["1.1.1.1", "fe80::1%eth0"], may=permitted)
