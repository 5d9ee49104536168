"""What can be wrong with a formula.

FormulaError             the text is no formula of the notation, or has no meaning here; `column` says where
├── MissingDataError     it needs data that a panel does not have; `missing` lists it
└── NotExpressibleError  a program has constructs that Qlib's notation cannot say; `constructs` lists them
"""

from __future__ import annotations

from collections.abc import Sequence

from market.errors import FactorEngineError


class FormulaError(FactorEngineError):
    """The text is no formula that can be computed; `column` counts from 1, None if no place is to blame."""

    def __init__(self, message: str, *, column: int | None = None) -> None:
        super().__init__(message if column is None else f"column {column}: {message}")
        self.message = message
        self.column = column


class MissingDataError(FormulaError):
    """The formula needs data that a panel does not have."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"the formula needs data that a panel does not have: {', '.join(missing)}; "
            "it has open, high, low, close, volume, vwap and returns."
        )
        self.missing = tuple(missing)


class NotExpressibleError(FormulaError):
    """The program says what Qlib's notation cannot."""

    def __init__(self, constructs: Sequence[tuple[int, str]]) -> None:
        listed = "; ".join(f"line {line}: {construct}" for line, construct in constructs)
        super().__init__(f"the program cannot be written in Qlib's notation: {listed}.")
        self.constructs = tuple(constructs)
