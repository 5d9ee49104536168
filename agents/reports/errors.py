"""What can go wrong while a research report is read.

ReportError   a file that cannot be read as a report: not a PDF, locked, damaged, too large or without text
"""

from market.errors import FactorEngineError


class ReportError(FactorEngineError):
    """A report cannot be read; the message names the file, what was found and the remedy."""
