"""How often: token buckets for seats and addresses."""

import secrets
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from msgspec import Struct


class Bucket(Struct):
    """Fills with `rate` a second up to `burst`; times in milliseconds."""

    level: float
    at: int

    def take(self, now: int, rate: float, burst: float) -> float:
        """Take one: 0, or else the seconds after which there will be one."""
        self.level = min(burst, self.level + (now - self.at) * rate / 1000)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0
        return (1 - self.level) / rate


class Addresses:
    """How often each address does something. Remembers an address, as a hash, only until its bucket is full again."""

    KEPT = 10_000  # at most; beyond it the one that has been quiet for the longest is forgotten

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = burst_of(rate) if burst is None else burst
        self._full_after = self._burst / rate * 1000  # ms
        self._key = secrets.token_bytes(16)
        self._buckets: dict[bytes, Bucket] = {}  # the one that has been quiet for the longest first

    def take(self, address: str, now: int) -> float:
        """Once more from `address`: 0, or else the seconds after which it may be."""
        network = blake2b(network_of(address), key=self._key, digest_size=16).digest()
        bucket = self._buckets.pop(network, None) or Bucket(self._burst, now)
        while self._buckets:
            quietest = next(iter(self._buckets))
            if len(self._buckets) < self.KEPT and now - self._buckets[quietest].at < self._full_after:
                break
            del self._buckets[quietest]
        self._buckets[network] = bucket
        return bucket.take(now, self._rate, self._burst)


def burst_of(rate: float) -> float:
    """How many newcomers may come at once."""
    return max(1.0, rate)


def network_of(address: str) -> bytes:
    """The address itself; of an IPv6 address the network, for whoever has one address has all of its 2^64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(found, IPv6Address):
        return found.packed[:8] if found.ipv4_mapped is None else found.ipv4_mapped.packed
    return found.packed
