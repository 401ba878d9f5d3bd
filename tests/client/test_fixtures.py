"""What the page is tested with is what the rules make."""

import json

from rooms.room import AnyEvent
from tests.client.fixtures import FILE, made


def test_the_fixtures_of_the_page_are_those_of_these_rules() -> None:
    assert FILE.read_bytes() == made(), "renew them: python -m tests.client.fixtures"


def test_the_fixtures_hold_every_event_that_a_client_may_see() -> None:
    told = {
        event["t"]
        for meeting in json.loads(FILE.read_bytes())
        for step in meeting["steps"]
        if isinstance(step, list)
        for event in step
    }
    every = {kind.__struct_config__.tag for kind in AnyEvent.__args__}
    assert every - told <= NOT_TOLD, sorted(every - told - NOT_TOLD)


NOT_TOLD = {"opened", "noted"}
