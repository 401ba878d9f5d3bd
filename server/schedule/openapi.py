"""The description of the HTTP API (OpenAPI 3.1), made from the types that its requests are decoded into."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from rooms.formats import Format
from server.schedule.posted import Posted, PostedChange


class Problem(Struct):
    code: str
    message: str
    field: str | None


class Refusal(Struct):
    """Why something was not done; `field` is a dotted path."""

    error: Problem


class Dated(Struct):
    """One date; times in milliseconds since the epoch."""

    room: str
    doors_at: int
    starts_at: int
    ends_at: int
    cancelled: bool | UnsetType = UNSET
    moved_from: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    clock_note: str | UnsetType = UNSET


class Links(Struct):
    """Where a new meeting's people come in; the secrets in the fragments are shown this once."""

    slug: str
    join_url: str
    host_url: str
    timekeeper_url: str
    greeter_url: str
    manage_url: str


class Shown(Struct):
    """A meeting: its fields as posted, less secrets. Links that were made anew stand in the answer that made them."""

    slug: str
    name: str
    timezone: str
    minutes: int | float
    description: str
    types: list[str]
    listed: bool
    language: str
    group: str
    place: str
    program: str
    format: str | Format
    paused: bool
    changes: list[PostedChange]
    has_passcode: bool
    next: Dated | None
    day: int | list[int] | UnsetType = UNSET
    time: str | UnsetType = UNSET
    rrule: str | UnsetType = UNSET
    dtstart: str | UnsetType = UNSET
    once: str | UnsetType = UNSET
    now: bool | UnsetType = UNSET
    always: bool | UnsetType = UNSET
    fresh_at: str | UnsetType = UNSET
    link: str | UnsetType = UNSET
    link_notes: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    occurrences: list[Dated] | UnsetType = UNSET
    host_url: str | UnsetType = UNSET
    timekeeper_url: str | UnsetType = UNSET
    greeter_url: str | UnsetType = UNSET
    manage_url: str | UnsetType = UNSET


class Listed(Struct):
    meetings: list[Shown]


TYPES: Final = (Posted, Links, Shown, Listed, Refusal)
KEY: Final[list[dict[str, list[str]]]] = [{"key": []}]


def description() -> dict[str, Any]:
    """The whole of it, as `/api/openapi.json` serves it."""
    _, components = msgspec.json.schema_components(TYPES, ref_template="#/components/schemas/{name}")
    slug = {"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}
    days = {"name": "days", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 366}}
    may_change = (400, 401, 403, 404, 413, 415)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Openchair", "version": "1", "description": "Meetings. Rooms speak docs/protocol.md."},
        "paths": {
            "/api/meetings": {
                "get": _operation("All listed meetings", {200: "Listed"}),
                "post": _operation(
                    "Make a meeting",
                    {201: "Links"},
                    (400, 401, 403, 409, 413, 415, 429),
                    body=True,
                    security=[*KEY, {}],
                ),
            },
            "/api/meetings/{slug}": {
                "parameters": [slug],
                "get": _operation("A meeting", {200: "Shown"}, (400, 404), parameters=[days]),
                "patch": _operation("Change a meeting", {200: "Shown"}, may_change, body=True, security=KEY),
                "delete": _operation("Delete a meeting; its room ends", {204: ""}, (401, 403, 404), security=KEY),
            },
        },
        "components": {"schemas": components, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(
    summary: str, answers: dict[int, str], refusals: tuple[int, ...] = (), *, body: bool = False, **more: Any
) -> dict[str, Any]:
    told = answers | dict.fromkeys((*refusals, 503), "Refusal")
    responses = {
        str(status): {"description": name or "Done", **({"content": _content(name)} if name else {})}
        for status, name in told.items()
    }
    asked = {"requestBody": {"required": True, "content": _content("Posted")}} if body else {}
    return {"summary": summary, "responses": responses, **asked, **more}


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
