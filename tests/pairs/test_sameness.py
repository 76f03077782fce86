"""START and FINISH give the same output, whatever visitors send and whatever happens around them."""

from __future__ import annotations

import pytest

from tests.pairs.conftest import RunningPair
from tests.pairs.local_world import fresh_side
from tests.pairs.scenarios import ANN, BOB, REPEAT_VISITORS, SCENARIOS, Scenario, Visitor, other_methods_and_paths
from tests.pairs.visitor import Browser

ERROR = 400


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_both_sides_give_the_same_output(running_pair: RunningPair, scenario: Scenario) -> None:
    pair, sides = running_pair
    transcripts = []
    for name, (app, world) in sides.items():
        with fresh_side(name, app, world) as side:
            scenario(side)
            transcripts.append(side.transcript)
    start, finish = transcripts
    if "caching" in pair.differences and scenario in REPEAT_VISITORS:
        # Each side has been held to its own rule above; were they alike, the README would declare too much.
        assert start != finish
    elif "error pages" in pair.differences and scenario is other_methods_and_paths:
        assert [_without_error_text(answer) for answer in start] == [_without_error_text(answer) for answer in finish]
        assert start != finish
    else:
        assert start == finish


def test_visits_made_on_one_side_show_on_the_other(running_pair: RunningPair) -> None:
    _, sides = running_pair
    (first, (app, world)), (second, (other_app, other_world)) = sides.items()
    with fresh_side(first, app, world) as start, fresh_side(second, other_app, other_world) as finish:
        start.visit(ANN)
        finish.continue_from(start)
        finish.visit(BOB)
        start.visit(Visitor(b"Carol"))
        finish.visit(Visitor(b"Dan"))


def test_a_broken_header_is_no_error(running_pair: RunningPair) -> None:
    # Werkzeug reads no list out of an open quote, so ProxyFix leaves the proxy's address: the page works all the same.
    _, sides = running_pair
    for app, _world in sides.values():
        browser = Browser(app.url)
        assert browser.request(Visitor(headers=((b"X-Forwarded-For", b'"203.0.113.7'),))).status == 200
        browser.close()


def test_options_are_answered_as_the_readme_declares(running_pair: RunningPair) -> None:
    pair, sides = running_pair
    statuses = []
    for app, _ in sides.values():
        browser = Browser(app.url)
        statuses.append(browser.request(ANN, "OPTIONS").status)
        browser.close()
    declared = {"mod1-flask": [405, 200], "mod11-functions": [200, 405]}
    assert statuses == (declared[pair.module] if "options" in pair.differences else [200, 200])


def _without_error_text(answer: tuple[int, str, list[tuple[str, ...]]]) -> object:
    status, content_type, document = answer
    return (status, content_type) if status >= ERROR else (status, content_type, document)
