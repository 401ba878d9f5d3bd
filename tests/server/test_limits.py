"""Token buckets: so many at once, so many a second."""

import pytest

from server.limits import Addresses, Bucket


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(3, 0)
    assert [bucket.take(0, rate=10, burst=3) for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]
    assert bucket.take(99, rate=10, burst=3) == pytest.approx(0.001)
    assert bucket.take(100, rate=10, burst=3) == 0
    assert [bucket.take(100_000, rate=10, burst=3) for _ in range(4)][3] > 0, "it holds no more than its burst"


def test_addresses_are_counted_apart() -> None:
    addresses = Addresses(rate=2)
    assert [addresses.take("a", 0) for _ in range(3)] == [0, 0, 0.5]
    assert addresses.take("b", 0) == 0


def test_addresses_that_have_been_quiet_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Addresses, "KEPT", 10)
    addresses = Addresses(rate=2)
    for number in range(1000):
        addresses.take(f"address {number}", number * 200)
    assert len(addresses._buckets) <= 11


def test_many_addresses_at_once_do_not_grow_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Addresses, "KEPT", 10)
    addresses = Addresses(rate=2)
    for number in range(1000):
        addresses.take(f"address {number}", 0)
    assert len(addresses._buckets) <= 11
    assert addresses.take("address 999", 0) == 0
    assert addresses.take("address 999", 0) > 0


def test_an_ipv6_network_counts_as_one_address() -> None:
    addresses = Addresses(rate=1)
    assert addresses.take("2001:db8:1:2::1", 0) == 0
    assert addresses.take("2001:db8:1:2:ffff::2", 0) > 0
    assert addresses.take("2001:db8:1:3::1", 0) == 0
    assert addresses.take("::ffff:192.0.2.1", 0) == 0
    assert addresses.take("::ffff:192.0.2.2", 0) == 0


def test_no_address_is_kept_as_it_is() -> None:
    addresses = Addresses(rate=1, burst=5)
    assert [addresses.take("192.0.2.1", 0) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    (kept,) = addresses._buckets
    assert len(kept) == 16
    assert b"192" not in kept
