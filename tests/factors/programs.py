"""Program texts that several tests use."""

REVERSAL = '''"""Five-day reversal.

Rationale: liquidity providers are paid for absorbing one-sided flow.
"""
PARAMETERS = {"window": {"type": "int", "low": 2, "high": 20, "default": 5}}


def factor(data, ops, p):
    past_return = data.close / ops.ts_delay(data.close, p["window"]) - 1
    return -past_return
'''


def body(statements: str, *, parameters: str = "{}", header: str = "") -> str:
    """A program whose `factor` has these statements."""
    indented = "\n".join(f"    {line}" for line in statements.strip().splitlines())
    return f'"""An idea."""\n{header}\nPARAMETERS = {parameters}\n\n\ndef factor(data, ops, p):\n{indented}\n'
