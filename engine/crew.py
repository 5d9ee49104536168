"""Worker processes at work on coroutines: each worker holds one candidate until that is done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

from engine.requests import Answer, Request
from factors.errors import ProgramError
from factors.sandbox import Worker, wait_for_any

R = TypeVar("R")
Job: TypeAlias = Generator[Request, Answer, R]
_POLL_S = 0.25


class Crew(Generic[R]):
    """Drives jobs on workers from one thread: `next_job` is asked for work whenever a worker is free."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    def work(self, next_job: Callable[[], Job[R] | None], stop: Callable[[], bool]) -> Iterator[R]:
        """Yield each job's result as it ends, until there is no more work or `stop` says so.

        On `stop` the requests in flight are abandoned; what their jobs recorded before stays recorded.
        """
        busy: dict[int, Job[R]] = {}
        more = True
        while True:
            for place, worker in enumerate(self._workers):
                while more and place not in busy and not stop():
                    job = next_job()
                    more = job is not None
                    if job is not None:
                        yield from self._advance(busy, place, worker, job, None)
            if not busy or stop():
                return
            for worker in wait_for_any([self._workers[place] for place in busy], _POLL_S):
                place = self._workers.index(worker)
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
                return
