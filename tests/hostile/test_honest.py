"""No false alarm: the seeds and a thousand of the grammar's programs pass the policy, the run and the audit."""

from __future__ import annotations

import pytest

from engine.evaluator import Evaluator
from factors.lifting import lift_constants
from factors.program import Program
from factors.seeds import SEED_SETS, seed_sources
from market.synthetic import SyntheticConfig, synthesize
from tests.agents.evolution import run_of_proposals
from tests.factors.programs import body


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("honest") / "panel"
    synthesize(SyntheticConfig(dates=700, symbols=60), seed=3).panel.save(folder)
    return Evaluator(
        panel=str(folder),
        train=(30, 500),
        validation=(520, 700),
        horizons_days=[1, 5],
        min_assets=10,
        shuffle_seed=None,
    )


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_programs_of_the_grammar_pass_and_declare_every_knob(evaluator, seed) -> None:
    for proposal in run_of_proposals(250, seed=seed, seeded=seed % 2 == 0):
        assert evaluator.examine(source=proposal.source)["audit"]["verdict"] == "passed"
        assert not lift_constants(proposal.source).lifted


@pytest.mark.parametrize("name", SEED_SETS)
def test_seeds_pass_with_every_corner_of_their_parameters(evaluator, name) -> None:
    for source in seed_sources(name).values():
        parameters = Program.parse(source).parameters
        for end in ("low", "high"):
            corner = {key: getattr(spec, end, spec.default) for key, spec in parameters.items()}
            assert (
                evaluator.assess(source=source, parameters=corner, direction=1)["audit"]["verdict"]
                == "passed"
            )


def test_rounding_on_days_of_no_difference_is_no_dependence_on_the_order(evaluator) -> None:
    source = body(
        "rank = ops.cs_rank(data.returns)\n"
        "quiet = np.arange(data.close.shape[0])[:, None] % 5 == 0\n"
        "return ops.cs_neutralize(np.where(quiet, 0.1, rank), ops.cs_rank(data.volume))",
    ).replace("PARAMETERS", "import numpy as np\n\nPARAMETERS", 1)
    assert evaluator.examine(source=source)["audit"]["verdict"] == "passed"
