"""What a benchmark found, and how it is printed: tables for people, JSON for programs."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

_WIDTH = 120

type Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number that a claim rests on, with the target that it is to reach, if there is one."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


@dataclass(frozen=True, slots=True)
class Table:
    """Details behind the figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found.

    Attributes:
        claim: What is claimed, and what was done to see it, in a sentence or two.
        figures: The numbers that decide.
        tables: The numbers behind them.
    """

    claim: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()


type Measure = Callable[[], Result]


def show(name: str, result: Result) -> None:
    """Print a result under a heading."""
    console = Console(width=_WIDTH, highlight=False)
    console.rule(name, align="left", style="")
    console.print(result.claim, markup=False)
    for table in result.tables:
        _print(console, table)
    marks = {None: "", True: "reached", False: "MISSED"}
    rows = [
        (each.name, f"{_text(each.value)} {each.unit}", each.target, marks[each.reached]) for each in result.figures
    ]
    _print(console, Table(("figure", "measured", "target", ""), tuple(rows)))


def as_json(results: dict[str, Result]) -> str:
    """Return results as JSON, by the benchmarks' names."""
    documents = {}
    for name, result in results.items():
        figures = [{**asdict(figure), "reached": figure.reached} for figure in result.figures]
        documents[name] = {**asdict(result), "figures": figures}
    return json.dumps(documents, indent=2)


def main(name: str, measure: Measure) -> None:
    """Run one benchmark from the command line; `--json` prints JSON instead of tables."""
    options = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    options.add_argument("--json", action="store_true", help="print JSON")
    as_document = options.parse_args().json
    result = measure()
    if as_document:
        print(as_json({name: result}))
    else:
        show(name, result)


def _print(console: Console, table: Table) -> None:
    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if _is_numeric(table.rows, number) else "left")
    for row in table.rows:
        drawn.add_row(*map(_text, row))
    console.print()
    console.print(drawn)
    console.print()


def _is_numeric(rows: Sequence[Sequence[Cell]], column: int) -> bool:
    return any(not isinstance(row[column], str) for row in rows)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and not cell.is_integer():
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:#.4g}".rstrip(".")  # noqa: PLR2004
    return cell if isinstance(cell, str) else f"{cell:,.0f}"
