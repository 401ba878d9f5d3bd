"""A meeting's secrets: who holds a link may come in with its role. Only hashes are kept."""

import hmac
import secrets
import unicodedata
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from msgspec import Struct

from rooms.vocabulary import Role

ROLES: Final[tuple[Role, ...]] = ("facilitator", "timekeeper", "greeter")


class Secrets(Struct, frozen=True):
    """The hashes of one meeting's secrets."""

    salt: str
    host_key: str
    timekeeper_key: str
    greeter_key: str
    manage_key: str
    passcode: str | None

    @property
    def needs_passcode(self) -> bool:
        return self.passcode is not None

    def role_for(self, key: str) -> Role | None:
        """The role that a role key gives; None if it is none of this meeting."""
        given = hashed(key)
        hashes = (self.host_key, self.timekeeper_key, self.greeter_key)
        return next((role for role, known in zip(ROLES, hashes, strict=True) if compare_digest(known, given)), None)

    def accepts_passcode(self, passcode: str | None) -> bool:
        return self.passcode is None or compare_digest(self.passcode, hashed_passcode(self.salt, passcode or ""))

    def may_manage(self, key: str) -> bool:
        return compare_digest(self.manage_key, hashed(key))


class Keys(Struct, frozen=True):
    """The secrets themselves, to be shown once. 128 random bits each, so that a plain hash keeps them safe."""

    host: str
    timekeeper: str
    greeter: str
    manage: str

    def kept(self, passcode: str | None) -> Secrets:
        salt = secrets.token_hex(16)
        host, timekeeper, greeter, manage = map(hashed, (self.host, self.timekeeper, self.greeter, self.manage))
        return Secrets(salt, host, timekeeper, greeter, manage, hashed_passcode(salt, passcode) if passcode else None)


def new_keys(seed: bytes | None = None) -> Keys:
    """New ones; of a seed that nobody else knows always the same."""
    if seed is None:
        return Keys(*(secrets.token_urlsafe(16) for _ in range(4)))
    made = (hmac.digest(seed, name.encode(), "sha256")[:16] for name in Keys.__struct_fields__)
    return Keys(*(urlsafe_b64encode(key).rstrip(b"=").decode() for key in made))


def hashed_passcode(salt: str, passcode: str) -> str:
    """However a keyboard spells it: composed or not, and with or without space at its ends."""
    return hashed(salt + unicodedata.normalize("NFC", passcode).strip())


def hashed(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
