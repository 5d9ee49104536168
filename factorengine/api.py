"""The public functions: check, run or evaluate one program, mine for many.

The search's own imports wait until somebody mines: evaluating a program needs neither Optuna nor a database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.evaluation import Checked, Evaluation, trial_market, values
from engine.evaluation import check as check_program
from engine.evaluation import evaluate as evaluate_program
from factors.program import Program, read_program
from factors.sandbox import Limits, Protection
from market.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

    from agents.proposer import Proposer
    from engine.ablation import Outcome
    from engine.config import MineConfig
    from engine.mining import MineResult, Progress
    from factors.formulas import Dialect


def evaluate(
    source_or_path: str | Path | Program,
    panel: Panel,
    *,
    parameters: Mapping[str, object] | None = None,
    start: str | None = None,
    end: str | None = None,
    timeout_s: float = 120.0,
    require_sandbox: bool = False,
) -> Evaluation:
    """Run a program on a panel in a sandbox, test it for look-ahead and score it at 1, 3, 5 and 10 days.

    `start` and `end` (ISO dates, both included) bound the days that are scored. Rows before `start` serve as
    history; rows after `end` are not read, so the last returns of the period are unknown and left out.

    Raises `ProgramError` if the program breaks its contract, `DataError` if there is nothing to score, `ConfigError` if
    the whole sandbox is required and the system lacks a part.
    """
    program = _program(source_or_path)
    seen = panel if end is None else panel.until(end)
    return evaluate_program(
        program,
        seen,
        parameters=parameters,
        start=start,
        limits=Limits(timeout_s=timeout_s),
        require_sandbox=require_sandbox,
    )


def check(
    source_or_path: str | Path | Program,
    panel: Panel | None = None,
    *,
    parameters: Mapping[str, object] | None = None,
    timeout_s: float = 120.0,
    require_sandbox: bool = False,
) -> Checked:
    """Read a program's text, run it in the sandbox and audit it for look-ahead.

    Without a panel it runs on a small made-up market.

    Raises `ProgramError` naming what is wrong with the program.
    """
    return check_program(
        _program(source_or_path),
        panel or trial_market(),
        parameters=parameters,
        limits=Limits(timeout_s=timeout_s),
        require_sandbox=require_sandbox,
    )


def run(
    source_or_path: str | Path | Program, panel: Panel, parameters: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """The values of a program on a panel (dates × symbols, NaN = no opinion), computed in a sandbox."""
    return panel.to_frame(values(_program(source_or_path), panel, parameters=parameters))


def from_formula(
    formula: str,
    *,
    dialect: Dialect = "auto",
    name: str | None = None,
    idea: str = "",
    source: str = "",
) -> Program:
    """The program of a published formula in Qlib's or WorldQuant's notation; `idea` defaults to its words.

    Raises `FormulaError`, which names the column, and `MissingDataError` for data that a panel does not have.
    """
    from factors.formulas import read_formula, write_program

    return Program.parse(
        write_program(read_formula(formula, dialect=dialect), idea=idea, source=source), name=name
    )


def seeds(selection: str = "alpha158-10", *, store: str | Path | None = None) -> dict[str, str]:
    """Program texts by name of a selection such as `"alpha158:corr5+my_factor.py"`; `own` needs a store.

    Raises `ConfigError` for what is not there, `StoreError` for a seed that the store does not have.
    """
    from engine.seeding import seeds_of
    from knowledge_base.store import open_store

    if store is None:
        return seeds_of(selection, None)
    with open_store(store, create=False) as opened:
        return seeds_of(selection, opened)


def mine(
    config: MineConfig | None = None,
    *,
    proposer: Proposer | str | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_sandbox: Callable[[tuple[Protection, ...]], None] = lambda _: None,
    **settings: Any,
) -> MineResult:
    """Search for factors; `settings` are the fields of `MineConfig`, instead of a config.

    Programs come from `proposer`: an object of your own, or "grammar", "random", "llm" or "mixed", a setting, too.

    Raises `ConfigError`, `DataError` or `StoreError`; a program's failure is recorded and the search goes on.
    """
    from engine.config import MineConfig
    from engine.mining import mine as mine_factors

    if isinstance(proposer, str):
        settings, proposer = settings | {"proposer": proposer}, None
    chosen = config or MineConfig.of(settings)
    return mine_factors(
        chosen,
        proposer=proposer,
        on_progress=on_progress,
        should_stop=should_stop,
        on_sandbox=on_sandbox,
    )


def ablate(
    what: Sequence[str],
    *,
    seeds: Sequence[int] = (1, 2, 3),
    config: MineConfig | None = None,
    proposer: Proposer | None = None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    **settings: Any,
) -> list[Outcome]:
    """Search with and without the parts in `what` (see `engine.ablation.PARTS`), once for each seed.

    `settings` are the fields of `MineConfig`. Raises as `mine` does.
    """
    from agents.grammar import GrammarProposer
    from engine.ablation import ablate as compare
    from engine.config import MineConfig

    chosen = config or MineConfig.of(settings)
    return compare(chosen, what, seeds=seeds, proposer=proposer or GrammarProposer(), on_outcome=on_outcome)


def _program(source_or_path: str | Path | Program) -> Program:
    """A text with a line break is a program, anything else a path."""
    if isinstance(source_or_path, Program):
        return source_or_path
    if isinstance(source_or_path, str) and "\n" in source_or_path:
        return Program.parse(source_or_path)
    return read_program(source_or_path)
