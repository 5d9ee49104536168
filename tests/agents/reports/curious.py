"""An extractor that tries what a file which took it over would try."""

from pathlib import Path

from agents.reports.extraction import Extractor


class Curious(Extractor):
    def can_open(self, path: str) -> dict[str, bool]:
        try:
            Path(path).read_bytes()
        except PermissionError:
            return {"opened": False}
        return {"opened": True}
