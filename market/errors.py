"""The root of every error FactorEngine raises on purpose, and the two that any package may raise.

    FactorEngineError
    ├── ConfigError     a setting is unknown, missing or out of range
    ├── DataError       market data that cannot be read, aligned or used
    ├── ProgramError    factors.errors: a factor program that breaks its contract
    └── StoreError      knowledge_base.errors: the experience store refuses

A message states the invariant, the value found and the remedy, in one line.
"""


class FactorEngineError(Exception):
    """Root of all errors a user or a caller can act on."""


class ConfigError(FactorEngineError):
    """A setting is unknown, missing or out of range."""


class DataError(FactorEngineError):
    """Market data that cannot be read, aligned or used."""
