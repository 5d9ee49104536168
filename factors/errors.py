"""What can be wrong with a factor program. Every failure is a recorded result, never a fake score.

ProgramError            stage: where it was found
├── SyntaxProgramError  parse      the text is not Python
├── PolicyError         policy     an import, name or attribute that programs may not use
├── ContractError       contract   no `factor`, bad PARAMETERS, wrong shape or type, all NaN
├── LookAheadError      causality  a value at day t changes when rows after t change
├── InstabilityError    stability  two runs differ, or a value depends on the order of the stocks
├── NoveltyError        novelty    the run has a program of the same logic or the same values
├── ExecutionError      run        the program raised
├── TamperingError      sandbox    the program changed code that other programs use
├── TimeoutProgramError timeout    the program ran longer than allowed
└── MemoryProgramError  memory     the program needed more memory than allowed
"""

from collections.abc import Mapping

from market.errors import FactorEngineError


class ProgramError(FactorEngineError):
    """A factor program broke its contract; `stage` names the check that found it, `facts` are its JSON evidence."""

    stage = "program"

    def __init__(self, message: str, *, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.facts = dict(facts or {})


class SyntaxProgramError(ProgramError):
    """The text is not Python."""

    stage = "parse"


class PolicyError(ProgramError):
    """The program uses an import, a name or an attribute that programs may not use."""

    stage = "policy"


class ContractError(ProgramError):
    """The program breaks the factor contract: entry point, PARAMETERS, result shape or type."""

    stage = "contract"


class LookAheadError(ProgramError):
    """A value at day t depends on a row after t."""

    stage = "causality"


class InstabilityError(ProgramError):
    """Two runs on the same data differ, or a value depends on the order of the stocks."""

    stage = "stability"


class NoveltyError(ProgramError):
    """The run has a program of the same logic or of the same values."""

    stage = "novelty"


class ExecutionError(ProgramError):
    """The program raised an exception."""

    stage = "run"


class TamperingError(ProgramError):
    """The program changed code that other programs use."""

    stage = "sandbox"


class TimeoutProgramError(ProgramError):
    """The program ran longer than allowed."""

    stage = "timeout"


class MemoryProgramError(ProgramError):
    """The program needed more memory than allowed."""

    stage = "memory"
