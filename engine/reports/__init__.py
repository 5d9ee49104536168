"""From research reports to programs that searches can start from."""

from engine.reports.batch import Progress, ReadingSettings, ReportOutcome, read_reports

__all__ = ["Progress", "ReadingSettings", "ReportOutcome", "read_reports"]
