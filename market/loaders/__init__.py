"""Loaders: files, folders and pandas objects to panels."""

from market.loaders.load import load_panel
from market.loaders.options import LoadOptions

__all__ = ["LoadOptions", "load_panel"]
