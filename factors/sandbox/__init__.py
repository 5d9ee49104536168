"""Worker processes that run program text from strangers: bounded in time and memory, cut off from the host."""

from factors.sandbox.guard import Protection
from factors.sandbox.worker import Limits, Worker, wait_for_any

__all__ = ["Limits", "Protection", "Worker", "wait_for_any"]
