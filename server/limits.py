"""How often: token buckets for seats and addresses."""

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
    """Newcomers by address, of one room. Remembers an address only while its bucket is not full again."""

    KEPT = 10_000

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(1.0, rate)
        self._buckets: dict[str, Bucket] = {}

    def take(self, address: str, now: int) -> float:
        """One newcomer from `address`: 0, or else the seconds after which it may be."""
        if len(self._buckets) >= self.KEPT:
            full_after = self._burst / self._rate * 1000
            self._buckets = {a: bucket for a, bucket in self._buckets.items() if now - bucket.at < full_after}
        bucket = self._buckets.setdefault(address, Bucket(self._burst, now))
        return bucket.take(now, self._rate, self._burst)
