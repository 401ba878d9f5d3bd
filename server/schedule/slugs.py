"""Slugs: what a meeting is called in addresses, for life."""

import re
from collections.abc import Container
from hashlib import sha256
from itertools import count

LONGEST = 64


def slug_from_name(name: str, taken: Container[str]) -> str:
    """A new meeting's slug: the name's letters and digits, and a number where another meeting has it already."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST].strip("-") or "meeting"
    return slug if slug not in taken else _numbered(slug, taken)


def slug_from_feed(slug: str, taken: Container[str]) -> str:
    """An imported meeting's slug: as it is there if it may be; else lower-cased, other characters as `-`.

    What is too long, taken, or without a letter gets an end made from the original, so that it comes out the same
    whenever and wherever it is imported.
    """
    made = re.sub(r"[^a-z0-9-]", "-", slug.lower())
    if made not in taken and 0 < len(made) <= LONGEST and (made == slug or made.strip("-")):
        return made
    end = "-" + sha256(slug.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    made = (made[: LONGEST - len(end)] if made.strip("-") else "meeting") + end
    return made if made not in taken else _numbered(made, taken)


def _numbered(slug: str, taken: Container[str]) -> str:
    ends = (f"-{n}" for n in count(2))
    return next(made for end in ends if (made := slug[: LONGEST - len(end)] + end) not in taken)
