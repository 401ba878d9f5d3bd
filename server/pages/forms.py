"""Forms as browsers post them. Nothing is remembered between two of them: there are no cookies here.

A form that another site forged is known by its Origin, and by the token that each of our own carries. Whoever makes
somebody's browser post here can have neither: not the Origin of this site, and not a token, for that would need to
read a page of ours.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from server.origin import origin_is_allowed
from server.schedule.posted import Wrong

MOST_BYTES: Final = 1024 * 1024
MOST_FIELDS: Final = 2000
TOKEN_SECONDS: Final = 24 * 3600

# What the schedule refuses, in the words of a form: beside the field one sees well enough what is meant.
KNOWN: Final = frozenset({"too_fast", "past", "no_key", "bad_key", "no_such_zone", "required"})


class Form:
    """What was typed into a form, by the names of its fields; and what is wrong with it."""

    def __init__(self, fields: Iterable[tuple[str, str]] = (), *, is_posted: bool = False) -> None:
        self.is_posted = is_posted
        self.wrong: dict[str, str] = {}  # a message's key by the field beside which it is told; "" is the whole form
        self.files: dict[str, UploadFile] = {}
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name, []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """The field's text as it was typed; the default where there was no such field."""
        return self._values.get(name, [default])[-1]

    def text(self, name: str) -> str:
        """The field's text, less the space around it."""
        return self.get(name).strip()

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        return name in self._values

    def has_any(self, *names: str) -> bool:
        """Whether anything was typed into any of these."""
        return any(value.strip() for name in names for value in self.all(name))

    def drop(self, name: str) -> None:
        self._values.pop(name, None)

    def set(self, name: str, *values: str) -> None:
        self._values[name] = list(values)

    def with_defaults(self, fields: Mapping[str, str | list[str]]) -> "Form":
        """The same form with what it says at first, which whatever was posted replaces."""
        if not self.is_posted:
            for name, value in fields.items():
                self.set(name, *([value] if isinstance(value, str) else value))
        return self

    @property
    def asks(self) -> tuple[str, str]:
        """What the pressed button asks for, and of what: `up.2` is (`up`, `2`)."""
        verb, _, of = self.get("do").partition(".")
        return verb, of

    def refuse(self, wrong: str | Wrong, field: str) -> None:
        """Tell beside the field what is wrong, by a message's key; the first word about a field stands."""
        if isinstance(wrong, Wrong):
            is_long = "length <=" in wrong.message
            wrong = f"wrong.{wrong.code if wrong.code in KNOWN else 'long' if is_long else 'invalid'}"
        self.wrong.setdefault(field, wrong)


class Tokens:
    """Makes and knows the tokens of this site's own forms."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._signer = TimestampSigner(secret, salt="openchair.form")

    def new(self) -> str:
        return self._signer.sign(secrets.token_urlsafe(6)).decode()

    def knows(self, token: str) -> bool:
        try:
            self._signer.unsign(token, max_age=TOKEN_SECONDS)
        except (BadSignature, UnicodeError):
            return False
        return True

    def seed(self, token: str, posted: bytes) -> bytes:
        """The same for the same form posted again, and known to nobody else."""
        return hmac.digest(self._secret, b"openchair.posted" + sha256(token.encode()).digest() + posted, "sha256")


async def posted_form(request: Request, origins: tuple[str, ...], tokens: Tokens, most_bytes: int = MOST_BYTES) -> Form:
    """The form of this request. Raises `HTTPException` for what no form of ours is.

    A stale token is told in the form itself, so that nothing which was typed is lost: look at `wrong` before you act.
    """
    headers = request.headers
    if not origin_is_allowed(headers.get("origin"), headers.get("host", ""), origins):
        raise HTTPException(403)
    # Browsers say how long a form is; the server then takes no more than that.
    length = headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(411)
    if int(length) > most_bytes:
        raise HTTPException(413)
    try:
        form = await _read(request, most_bytes)
    except (ValueError, ClientDisconnect):
        raise HTTPException(400) from None
    if not tokens.knows(form.get("token")):
        form.refuse("wrong.stale", "")
    return form


async def _read(request: Request, most_bytes: int) -> Form:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        data: FormData = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=most_bytes)
        form = Form(((n, v) for n, v in data.multi_items() if isinstance(v, str)), is_posted=True)
        form.files = {name: value for name, value in data.multi_items() if isinstance(value, UploadFile)}
        return form
    body = (await request.body()).decode("ascii", "replace")
    fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    return Form(fields, is_posted=True)
