"""docs/which-way.md names every module, is right about Google's SDK, and computes its costs from the unit prices."""

from __future__ import annotations

import importlib.util
import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import google.appengine.api
import pytest

from bench import prices
from tests.support.course import COURSE, ROOT

PAGE = (ROOT / "docs" / "which-way.md").read_text(encoding="utf-8")
FACTS = (ROOT / "docs" / "platform-facts.md").read_text(encoding="utf-8")
SDK = Path(google.appengine.api.__file__).parents[1]
OPTIONAL = ("mod4-cloudrun", "mod5-buildpacks", "mod11-functions")
LOADS = (1_000, 1_000_000)


class Price(NamedTuple):
    """Dollars for `per` units beyond the free ones of a month; None if none was found."""

    dollars: Decimal | None
    per: Decimal
    free: Decimal

    def bill(self, units: Decimal) -> Decimal:
        beyond = max(Decimal(0), units - self.free)
        if not beyond:
            return Decimal(0)
        assert self.dollars is not None, "a price that was not found"
        return beyond * self.dollars / self.per


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table after a line that starts with these words."""
    lines = text[text.index(f"\n{heading}") + 1 :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def number(cell: str) -> Decimal:
    return Decimal(cell.replace(",", ""))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


UNIT_PRICES = {
    row[0]: Price(None if row[1] == "not found" else number(row[1]), number(row[2]), number(row[3]))
    for row in rows(FACTS, "### Unit prices")
}
LINES = {row[0]: row for row in rows(PAGE, "## What a month costs")}
WAYS = rows(PAGE, "| way | lines |")
SERVICES = rows(PAGE, "## Each service and its successor")


def used(line: list[str]) -> tuple[Decimal, ...]:
    """Return the units that a line uses at each load."""
    return number(line[2]), number(line[4])


def unit_costs(line: list[str]) -> list[Decimal]:
    """Return what a line costs at each load, by the unit prices."""
    price = UNIT_PRICES[line[1].removesuffix(", cached")]
    return [price.bill(units) for units in used(line)]


def test_every_price_has_a_date_and_a_source() -> None:
    assert [
        row[0] for row in rows(FACTS, "### Unit prices") if "2026" not in row[4] or "](https://" not in row[5]
    ] == []


def test_benchmark_bills_with_the_same_unit_prices() -> None:
    known = {price.name: (price.dollars, price.per, price.free) for price in prices.ALL}
    written = {name: UNIT_PRICES[name] for name in known}
    assert {name: tuple(float(value or 0) for value in price) for name, price in written.items()} == known


@pytest.mark.parametrize("letter", LINES)
def test_line_costs_its_units_at_the_unit_price(letter: str) -> None:
    line = LINES[letter]
    assert [number(line[3]), number(line[5])] == [cents(cost) for cost in unit_costs(line)]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_way_costs_the_sum_of_its_lines(way: list[str]) -> None:
    costs = [unit_costs(LINES[letter]) for letter in way[1].split(", ")]
    assert [number(cell) for cell in way[2:]] == [cents(sum(column, Decimal(0))) for column in zip(*costs, strict=True)]


@pytest.mark.parametrize("module", COURSE.modules)
def test_codelab_quotes_figures_of_the_page(module: str) -> None:
    quoted = re.findall(r"(\d+\.\d\d) US\s+dollars", (ROOT / module / "README.md").read_text(encoding="utf-8"))
    assert set(quoted) <= {cell for way in WAYS for cell in way[2:]}
    assert quoted or module not in OPTIONAL


def test_lines_of_a_visit_use_what_the_benchmark_measured() -> None:
    modules = json.loads((ROOT / "docs" / "bench.json").read_text(encoding="utf-8"))["modules"]
    visit, again = (modules["mod12-memcache"]["FINISH"][kind] for kind in ("new", "again"))
    share = Decimal("0.1") if not again.get("entity reads") and not again.get("entity writes") else Decimal(1)
    per_visit = {
        "B": Decimal(1),
        "C": Decimal("0.1"),
        "D": Decimal("0.05"),
        "E": Decimal(visit["entity reads"]),
        "F": Decimal(visit["entity writes"]),
        "G": Decimal(visit["entity reads"]) * share,
        "H": Decimal(visit["entity writes"]) * share,
    }
    expected = {letter: tuple(units * load for load in LOADS) for letter, units in per_visit.items()}
    assert {letter: used(LINES[letter]) for letter in per_visit} == expected


def test_lines_of_a_machine_use_all_hours_of_a_month() -> None:
    hours = 24 * prices.DAYS
    assert {letter: used(LINES[letter]) for letter in "AIJ"} == {
        "A": (hours, hours),
        "I": (hours, hours),
        "J": (2 * hours, 2 * hours),
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service[0])
def test_service_is_in_the_sdk_if_the_page_says_so(service: list[str]) -> None:
    assert (importlib.util.find_spec(f"google.appengine.{service[0].strip('`')}") is not None) == service[1].startswith(
        "yes"
    )


def test_every_service_has_a_page_of_google() -> None:
    assert [row[0] for row in SERVICES if not re.search(r"\]\(https://(docs\.)?cloud\.google\.com/", row[4])] == []


def test_variables_of_the_sdk_exist() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in SDK.glob("api/**/*.py"))
    names = re.findall(r"`(APPENGINE_USE_\w+)`", PAGE + FACTS)
    assert names
    assert [name for name in names if not re.search(rf"\b{name}\b", source)] == []


@pytest.mark.parametrize("module", OPTIONAL)
def test_introduction_of_an_optional_move_says_so(module: str) -> None:
    introduction = (ROOT / module / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "**This move is optional.** App Engine is not going away" in introduction
    before = ("mod1-flask", "mod2-cloudndb", "mod12-memcache", "mod13-memorystore")
    assert [name for name in before if f"](../{name}/README.md)" not in introduction] == []


@pytest.mark.parametrize("page", ["which-way", "the-sample-app"])
def test_page_links_every_module(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert [module for module in COURSE.modules if f"](../{module}/README.md" not in text] == []
