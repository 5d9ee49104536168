"""Size and likeness of programs do not depend on how the same formula is written down."""

import itertools

from factors.complexity import Complexity, shared_part, subtrees
from factors.seeds import seed_sources
from tests.factors.programs import REVERSAL, body

WINDOW = '{"window": {"type": "int", "low": 2, "high": 20, "default": 5}}'
RANKED = body("return ops.cs_rank(data.close / ops.ts_delay(data.close, p['window']) - 1)", parameters=WINDOW)


def test_size_is_counted_without_docstring_and_parameters() -> None:
    assert Complexity.of(body("return data.close")) == Complexity(nodes=3, depth=4, operators=0, parameters=0)
    twice = body("return ops.ts_mean(data.close, 5) + ops.ts_mean(data.open, 5) + ops.cs_rank(data.close)")
    assert Complexity.of(twice).operators == 2
    assert Complexity.of(REVERSAL).parameters == 1
    assert Complexity.of(REVERSAL) == Complexity.of(REVERSAL.replace("Rationale: ", "A longer story. "))


def test_a_program_shares_all_with_itself_however_it_is_written() -> None:
    in_one = REVERSAL.replace("past_return = ", "return -(").replace(" - 1\n    return -past_return", " - 1)")
    assert subtrees(in_one) == subtrees(REVERSAL)
    renamed = REVERSAL.replace("past_return", "x").replace('"default": 5', '"default": 7')
    assert shared_part(subtrees(REVERSAL), subtrees(renamed)) == 1.0


def test_a_part_of_a_program_counts_by_its_size() -> None:
    reversal, ranked = subtrees(REVERSAL), subtrees(RANKED)
    shared = shared_part(reversal, ranked)
    assert shared == shared_part(ranked, reversal)
    assert 0.5 < shared < 1.0
    assert shared_part(reversal, subtrees(body("return ops.cs_rank(data.volume)"))) == 0.0
    assert shared_part(reversal, {}) == 0.0


def test_the_seeds_are_not_each_others_copies() -> None:
    parts = [subtrees(source) for source in seed_sources("alpha158-10").values()]
    assert all(parts)
    assert max(shared_part(one, other) for one, other in itertools.combinations(parts, 2)) < 1.0


def test_names_in_a_circle_end() -> None:
    chain = "\n".join(f"x{i} = x{i + 1} + 1" for i in range(1500)) + "\nreturn data.close"
    assert subtrees(body(chain)) == {}
    assert subtrees(body("for _ in range(3):\n    x = y + 1\n    y = x + 1\nreturn data.close * x"))
