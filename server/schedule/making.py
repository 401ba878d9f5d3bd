"""Making and changing a meeting, whichever way it was asked for: by the API or by a form."""

from collections.abc import Callable
from hmac import compare_digest
from math import ceil
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from config.settings import LOOPBACK, Settings
from server.limits import Addresses
from server.schedule.keys import Keys, Secrets, hashed, hashed_passcode, new_keys
from server.schedule.meetings import Schedule, Stored
from server.schedule.posted import Posted, Wrong, changed, new_meeting
from server.schedule.slugs import slug_from_name

HOUR: Final = 3600  # seconds


def needs_key_to_create(settings: Settings, hostname: str | None) -> bool:
    """Whether whoever asks by this name for the server must show a key to make a meeting.

    The name, too: behind a proxy that the settings do not know of, or a name that a foreign page points at this
    machine, the visitor is not on it.
    """
    is_here = settings.is_loopback and hostname in LOOPBACK
    return not is_here and settings.who_may_create != "anyone"


class Creations:
    """Who may make a meeting, and how many an hour from one address."""

    def __init__(self, settings: Settings, now: Callable[[], int]) -> None:
        self._settings = settings
        self._now = now
        self._addresses = Addresses(settings.creations_per_hour / HOUR, settings.creations_per_hour)

    def check(self, hostname: str | None, key: str | None) -> None:
        """Raises `Wrong` unless whoever asks by this name, with this key, may make a meeting."""
        if not needs_key_to_create(self._settings, hostname):
            return
        settings = self._settings
        keys = [settings.operator_key] + ([settings.invitation] if settings.who_may_create == "invited" else [])
        if key is None:
            raise Wrong("no_key", "Here the operator, or whoever was invited, creates meetings.", status=401)
        if not any(known and compare_digest(hashed(known), hashed(key)) for known in keys):
            raise Wrong("bad_key", "This key does not allow to create meetings.", status=403)

    def count(self, hostname: str | None, address: str) -> None:
        """One more from this address. Raises `Wrong` where it makes too many; whoever shows a key is not counted."""
        if self._settings.is_loopback or needs_key_to_create(self._settings, hostname):
            return
        if (wait := self._addresses.take(address, self._now())) > 0:
            message = f"Many meetings were made from here just now. Please try again in {ceil(wait)} seconds."
            raise Wrong("too_fast", message, status=429)


async def make(schedule: Schedule, body: Posted, now: int, seed: bytes | None = None) -> tuple[Stored, Keys]:
    """The meeting that was posted, and the secrets of its links, which are known this once. Raises `Wrong`.

    With a seed it is made once: the same seed is the same meeting, as long as nobody has made its manage link anew.
    """
    meeting = new_meeting(body, now)
    if body.renew is not UNSET:
        raise Wrong("not_allowed", "A new meeting's links are new.", "renew")
    keys = new_keys(seed)
    secrets = keys.kept(body.passcode or None)
    if body.slug is not UNSET:
        stored = await schedule.add(body.slug, meeting, secrets)
        if stored is None:
            raise Wrong("taken", "Another meeting has that slug.", "slug", 409)
        return stored, keys
    while True:  # somebody may take the slug in between
        slug = slug_from_name(meeting.name, await schedule.slugs())
        stored = await schedule.add(slug, meeting, secrets)
        if stored is not None:
            return stored, keys


async def change(schedule: Schedule, stored: Stored, body: Posted, now: int) -> tuple[Stored, Keys]:
    """The meeting with what was posted, and new secrets; those that `body.renew` names are its own now.

    Where somebody else has changed it since, it is decided again on what it is now. Raises `Wrong`.
    """
    keys = new_keys()
    while True:
        meeting, secrets = changed(stored.meeting, body, now), _changed_secrets(stored.secrets, body, keys)
        after = await schedule.change(stored.slug, meeting, secrets, stored.sequence)
        if after is not None:
            return after, keys
        again = await schedule.get(stored.slug)
        if again is None:
            raise Wrong("no_such_meeting", "There is no such meeting here.", status=404)
        stored = again


def _changed_secrets(secrets: Secrets, body: Posted, keys: Keys) -> Secrets:
    if body.passcode is not UNSET:
        passcode = hashed_passcode(secrets.salt, body.passcode) if body.passcode else None
        secrets = replace(secrets, passcode=passcode)
    for place, name in enumerate(body.renew or ()):
        if name not in Keys.__struct_fields__:
            raise Wrong("invalid", f"Expected some of {', '.join(Keys.__struct_fields__)}.", f"renew.{place}")
        secrets = replace(secrets, **{f"{name}_key": hashed(getattr(keys, name))})
    return secrets
