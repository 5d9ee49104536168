"""Worker processes at work on coroutines: each worker holds one candidate until that is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

from engine.requests import Answer, Request
from factors.errors import ProgramError
from factors.sandbox import Worker, wait_for_any

R = TypeVar("R")
Job: TypeAlias = Generator[Request, Answer, R]
_POLL_S, _SOON_S = 0.25, 0.02


class Later:
    """Instead of a job: there is none yet, but there will be."""


LATER = Later()


class Crew(Generic[R]):
    """Drives jobs on workers from one thread: `next_job` is asked for work whenever a worker is free.

    `busy_s` adds up how long the workers had a request to work on.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers
        self._asked_s = [0.0] * len(workers)
        self.busy_s = 0.0

    def work(self, next_job: Callable[[], Job[R] | Later | None], stop: Callable[[], bool]) -> Iterator[R]:
        """Yield each job's result as it ends, until there is no more work or `stop` says so.

        On `stop` the requests in flight are abandoned; what their jobs recorded before stays recorded.
        """
        busy: dict[int, Job[R]] = {}
        more = True
        while True:
            later = False
            for place, worker in enumerate(self._workers):
                while more and not later and place not in busy and not stop():
                    job = next_job()
                    if isinstance(job, Later):
                        later = True
                    elif job is None:
                        more = False
                    else:
                        yield from self._advance(busy, place, worker, job, None)
            if stop() or not (busy or later):
                return
            if not busy:
                time.sleep(_SOON_S)
                continue
            patience_s = _SOON_S if later else _POLL_S
            for worker in wait_for_any([self._workers[place] for place in busy], patience_s):
                place = self._workers.index(worker)
                self.busy_s += time.perf_counter() - self._asked_s[place]
                try:
                    answer: Answer | ProgramError = worker.receive()
                except ProgramError as error:
                    answer = error
                yield from self._advance(busy, place, worker, busy.pop(place), answer)

    def _advance(
        self,
        busy: dict[int, Job[R]],
        place: int,
        worker: Worker,
        job: Job[R],
        answer: Answer | ProgramError | None,
    ) -> Iterator[R]:
        """Send `answer` into the job and its next request to the worker; yield the result if it has ended."""
        while True:
            try:
                if isinstance(answer, ProgramError):
                    request = job.throw(answer)
                else:
                    request = next(job) if answer is None else job.send(answer)
            except StopIteration as end:
                yield end.value
                return
            try:
                worker.submit(request.method, **request.arguments)
            except ProgramError as error:  # the process died before it could be asked
                answer = error
            else:
                busy[place] = job
                self._asked_s[place] = time.perf_counter()
                return
