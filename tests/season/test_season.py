"""Steps 1 to 5 of the season, through the product, beside an independent reading of the rules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import generate
import model

from harness import covers

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "data" / "season"


def season(folder, database):
    result = subprocess.run(
        [str(ROOT / "scripts" / "season"), str(folder), "--json", "-", "--database", database],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-4000:]
    return json.loads(result.stdout)


def determined(figures, expected):
    """The part of ``expected`` that the played steps determine."""
    if isinstance(figures, dict) and isinstance(expected, dict):
        return {key: determined(value, expected.get(key)) for key, value in figures.items()}
    return expected


@covers("HQ-10", "platform gives to level 1", "level 1 to level 2 or 3", "level 2 to level 3", via="service")
def test_the_given_season_has_exactly_the_expected_figures():
    expected = json.loads((FOLDER / "expected.json").read_text())
    figures = season(FOLDER, "crab_season_given")
    assert figures == determined(figures, expected)
    assert set(figures["dealers"]) == set(expected["dealers"])
    assert figures["rejected"] == expected["rejected"]


def test_the_independent_reading_agrees_with_the_expected_figures():
    expected = json.loads((FOLDER / "expected.json").read_text())
    figures = model.play(FOLDER)
    assert figures == determined(figures, expected)


@pytest.mark.parametrize("seed", [1, 20261001])
def test_any_other_folder_of_that_shape_works(tmp_path, seed):
    generate.write(tmp_path, seed)
    assert season(tmp_path, f"crab_season_{seed}") == model.play(tmp_path)
