import json

import pytest

from benchmarks.report import Figure, Result, Table, as_json, show


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        (Figure("speed", 6.5, "x", at_least=6.5), True),
        (Figure("speed", 6.4, "x", at_least=6.5), False),
        (Figure("memory", 64.0, "MB", at_most=64), True),
        (Figure("memory", 64.1, "MB", at_most=64), False),
        (Figure("cold start", 1.3, "s"), None),
    ],
)
def test_a_figure_tells_whether_its_target_is_reached(figure, reached):
    assert figure.reached is reached


def test_a_missed_target_is_shouted(capsys):
    show("memory", Result("It stays small.", (Figure("peak", 91.4, "MB", at_most=64),)))
    assert "91.40 MB   at most 64   MISSED" in capsys.readouterr().out


def test_numbers_stand_right_under_their_heading(capsys):
    show("reading", Result("", (), (Table(("log", "bytes"), (("dense", 80_589_568), ("sparse", 88_949))),)))
    assert "dense    80,589,568\nsparse       88,949\n" in capsys.readouterr().out


def test_json_holds_claim_figures_and_tables_of_each_benchmark():
    result = Result("It stays small.", (Figure("peak", 50.0, "MB", at_most=64),), (Table(("a",), ((1,),)),))
    assert json.loads(as_json({"memory": result})) == {
        "memory": {
            "claim": "It stays small.",
            "figures": [
                {"name": "peak", "value": 50.0, "unit": "MB", "at_least": None, "at_most": 64, "reached": True}
            ],
            "tables": [{"columns": ["a"], "rows": [[1]]}],
        }
    }
