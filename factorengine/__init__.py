"""FactorEngine: search for alpha factors in daily OHLCV data.

    import factorengine as fe

    panel = fe.Panel.load("prices.parquet")
    evaluation = fe.evaluate("my_factor.py", panel)
    result = fe.mine(iterations=40, data="prices.parquet", store="sqlite:///factors.db")
    table = fe.open_store("sqlite:///factors.db").ranked(top=10)

Names load what they need when they are first used, so that importing the package is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtest.scorecard import Scorecard
    from engine.config import MineConfig
    from engine.evaluation import Checked, Evaluation
    from engine.mining import MineResult
    from factorengine.api import check, evaluate, from_formula, mine, run, seeds
    from factorengine.exporting import export
    from factors.errors import ProgramError
    from factors.program import Program
    from knowledge_base.errors import StoreError
    from knowledge_base.store import Store, open_store
    from market.errors import ConfigError, DataError, FactorEngineError
    from market.loaders.frames import panel_from_frame, panel_from_wide
    from market.panel import Panel

_HOMES = {
    "Checked": "engine.evaluation",
    "ConfigError": "market.errors",
    "DataError": "market.errors",
    "Evaluation": "engine.evaluation",
    "FactorEngineError": "market.errors",
    "MineConfig": "engine.config",
    "MineResult": "engine.mining",
    "Panel": "market.panel",
    "Program": "factors.program",
    "ProgramError": "factors.errors",
    "Scorecard": "backtest.scorecard",
    "Store": "knowledge_base.store",
    "StoreError": "knowledge_base.errors",
    "check": "factorengine.api",
    "evaluate": "factorengine.api",
    "export": "factorengine.exporting",
    "from_formula": "factorengine.api",
    "mine": "factorengine.api",
    "open_store": "knowledge_base.store",
    "panel_from_frame": "market.loaders.frames",
    "panel_from_wide": "market.loaders.frames",
    "run": "factorengine.api",
    "seeds": "factorengine.api",
}

__all__ = [
    "Checked",
    "ConfigError",
    "DataError",
    "Evaluation",
    "FactorEngineError",
    "MineConfig",
    "MineResult",
    "Panel",
    "Program",
    "ProgramError",
    "Scorecard",
    "Store",
    "StoreError",
    "check",
    "evaluate",
    "export",
    "from_formula",
    "mine",
    "open_store",
    "panel_from_frame",
    "panel_from_wide",
    "run",
    "seeds",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'factorengine' has no attribute {name!r}; it offers: {', '.join(__all__)}"
        )
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
