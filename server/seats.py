"""Seats: signed, so that nothing has to be remembered of them; and what is hashed before it is kept."""

import errno
import os
import secrets
from hashlib import blake2b, sha256
from pathlib import Path

from itsdangerous import BadSignature, Signer

from rooms.vocabulary import ParticipantId, RoomId

KEY_FILE = "signing-key"


class Seats:
    """Makes and reads the seats of one installation. A seat names a room and a participant, and nothing else."""

    def __init__(self, secret: str) -> None:
        self._key = sha256(secret.encode()).digest()
        self._signer = Signer(secret, salt="openchair.seat", digest_method=sha256)

    def seat(self, room: RoomId, who: ParticipantId) -> str:
        return self._signer.sign(f"{room}/{who}").decode()

    def holder(self, room: RoomId, seat: str) -> ParticipantId | None:
        """Whose seat it is; None if it is no seat of this room."""
        try:
            of_room, _, who = self._signer.unsign(seat).decode().rpartition("/")
        except (BadSignature, UnicodeDecodeError, UnicodeEncodeError):
            return None
        return ParticipantId(who) if of_room == room else None

    def network_id(self, room: RoomId, network: bytes) -> str:
        """By what other workers know a network in this room: nobody without the secret can tell which it is."""
        return blake2b(f"{room}/".encode() + network, key=self._key, digest_size=16).hexdigest()


def new_participant() -> ParticipantId:
    """A fresh id, which nobody can guess."""
    return ParticipantId(secrets.token_urlsafe(6))


def device_id(room: RoomId, device: str | None) -> str:
    """What a room keeps of a client's device name: enough to know it again in this room, and nowhere else."""
    return "" if not device else blake2b(f"{room}/{device}".encode(), digest_size=8).hexdigest()


def signing_secret(data: Path) -> str:
    """The installation's secret, made at the first start and readable by its owner only. Raises `OSError`."""
    path = data / KEY_FILE
    try:
        secret = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(32)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret)
    if not secret:
        raise OSError(errno.EINVAL, f"{KEY_FILE} in it is empty; remove it, and a new one is made")
    return secret
