"""The one way the experience store refuses.

StoreError   unknown run or program, a broken rule of the schema, a locked, foreign or newer database
"""

from market.errors import FactorEngineError


class StoreError(FactorEngineError):
    """The store cannot do what was asked; the message says which rule stands in the way and what to do."""
