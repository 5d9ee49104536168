"""Worker processes at work on coroutines: each worker holds one candidate until that is done, or has to think.

A worker for which there is no candidate takes a part of another worker's.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeAlias, TypeVar

from engine.requests import Answer, Request, Thought, Wait
from engine.thinking import begin
from factors.errors import ProgramError
from factors.sandbox import Worker, wait_for_any
from market.errors import FactorEngineError

R = TypeVar("R")
Job: TypeAlias = Generator[Request | Thought | Wait, Answer, R]
_POLL_S, _SOON_S = 0.25, 0.02


class Later:
    """Instead of a job: there is none yet, but there will be."""


LATER = Later()


class Crew(Generic[R]):
    """Drives jobs on workers from one thread: `next_job` is asked for work whenever a worker is free.

    A job that thinks leaves its worker to others; with `one_by_one` no new job begins before it is done, so that the
    order of events does not depend on how long a thought takes. A worker that has no job, and gets none, takes a part
    that a request in flight shares. What a part raises reaches everybody, as what a job raises does. `busy_s` adds up
    how long the workers had a request to work on.
    """

    def __init__(self, workers: Sequence[Worker], *, one_by_one: bool = False) -> None:
        self._workers, self._one_by_one = workers, one_by_one
        self._busy: dict[int, tuple[Job[Any], Request]] = {}
        self._wholes: dict[Job[Any], Job[Any]] = {}  # of every part at work, the job that it belongs to
        self._waiting: set[Job[Any]] = set()
        self._thinking: dict[Future[Any], Job[Any]] = {}
        self._ready: deque[tuple[Job[Any], Answer]] = deque()
        self.busy_s = 0.0

    def work(self, next_job: Callable[[], Job[R] | Later | None], stop: Callable[[], bool]) -> Iterator[R]:
        """Yield each job's result as it ends, until there is no more work or `stop` says so.

        On `stop` requests and thoughts in flight are abandoned; what their jobs recorded before stays recorded.
        """
        more = True
        while True:
            later = False
            self._collect_thoughts()
            for place in range(len(self._workers)):
                while place not in self._busy and not stop():
                    if self._ready:
                        yield from self._advance(place, *self._ready.popleft())
                        continue
                    job: Job[Any] | Later | None = None
                    if more and not later and not (self._one_by_one and self._thinking):
                        job = next_job()
                        more, later = job is not None, isinstance(job, Later)
                    if job is None or isinstance(job, Later):
                        job = self._part()
                    if job is None:
                        break
                    yield from self._advance(place, job, None)
            if stop() or not (self._busy or later or self._thinking or self._ready):
                return
            if self._busy:
                yield from self._collect_answers(_SOON_S if later or self._thinking else _POLL_S)
            elif not self._ready:
                time.sleep(_SOON_S)

    def _part(self) -> Job[Any] | None:
        """A part of a job that another worker holds."""
        for job, request in self._busy.values():
            part = request.share()
            if part is not None:
                self._wholes[part] = job
                return part
        return None

    def _collect_thoughts(self) -> None:
        for future in [future for future in self._thinking if future.done()]:
            job, problem = self._thinking.pop(future), future.exception()
            if problem is not None and not isinstance(problem, FactorEngineError):
                raise problem
            self._ready.append((job, problem or future.result()))

    def _collect_answers(self, patience_s: float) -> Iterator[R]:
        for worker in wait_for_any([self._workers[place] for place in self._busy], patience_s):
            place = self._workers.index(worker)
            try:
                answer: Answer = worker.receive()
            except ProgramError as error:
                answer = error
            self.busy_s += worker.spent_s
            job, _ = self._busy.pop(place)
            yield from self._advance(place, job, answer)

    def _advance(self, place: int, job: Job[Any], answer: Answer) -> Iterator[R]:
        """Send `answer` into the job and its next request to the worker; yield the result if it has ended."""
        worker = self._workers[place]
        while True:
            try:
                if isinstance(answer, FactorEngineError):
                    request = job.throw(answer)
                else:
                    request = next(job) if answer is None else job.send(answer)
            except StopIteration as end:
                if job in self._wholes:
                    self._wake(self._wholes.pop(job))
                else:
                    yield end.value
                return
            if isinstance(request, Wait):
                self._waiting.add(job)
                return
            if isinstance(request, Thought):
                self._thinking[begin(request.think)] = job
                return
            try:
                worker.submit(request.method, **request.arguments)
            except ProgramError as error:  # the process died before it could be asked
                answer = error
            else:
                self._busy[place] = job, request
                request.meanwhile()
                return

    def _wake(self, whole: Job[Any]) -> None:
        """A part of this job has ended."""
        if whole in self._waiting:
            self._waiting.remove(whole)
            self._ready.append((whole, None))
