"""Published formulas as factor programs, and programs as formulas.

    formula = read_formula("Rank(Corr($close, Log($volume + 1), 10))")   # Qlib's notation or WorldQuant's
    text = write_program(formula, source="Qlib")                         # a program for `factors.program`
    to_qlib(text)                                                        # the formula again

Each notation's names and rules are in its module, `qlib` and `worldquant`.
"""

from factors.formulas.errors import FormulaError, MissingDataError, NotExpressibleError
from factors.formulas.exporting import to_qlib
from factors.formulas.reading import Dialect, Formula, read_formula
from factors.formulas.writing import write_program

__all__ = [
    "Dialect",
    "Formula",
    "FormulaError",
    "MissingDataError",
    "NotExpressibleError",
    "read_formula",
    "to_qlib",
    "write_program",
]
