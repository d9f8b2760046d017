"""The table of mutations fits the tree."""

from pathlib import Path

from tests.mutations.mutation import mutations

ROOT = Path(__file__).parents[2]
RULES = range(1, 12)


def test_each_mutation_can_be_made() -> None:
    """Its old text is in its file exactly once."""
    assert [one for one in mutations() if not one.applies(ROOT)] == []


def test_each_mutation_names_a_test_that_is_there() -> None:
    """The test is in that file, or in the suite of promises that the file imports."""
    for one in mutations():
        file, name = one.test.partition("::")[0], one.test.rpartition("::")[2]
        sources = [ROOT / file, ROOT / "tests/contract" / Path(file).name.removeprefix("test_")]
        assert any(f"def {name}(" in path.read_text() for path in sources if path.is_file()), name


def test_each_rule_is_taken_out() -> None:
    assert {one.rule for one in mutations()} == set(RULES)
