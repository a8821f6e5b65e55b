"""Where trainings run: one after the other here, or one at a time on each of several workers."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from study.folder import Study
from study.parallel import parallel_map
from study.provenance import Step, run_step
from study.settings.execution import ExecutionSettings


def train_apart(
    study: Study, trainings: Sequence[Step], *, jobs: int, scheduler: str, force: bool = False
) -> None:
    """Do trainings on workers, each of which has one network at a time and few threads.

    A worker reads and writes the study's folder, which all machines of a cluster must see under
    the same path.

    Parameters
    ----------
    study : Study
        The study.
    trainings : sequence of Step
        As `cnn.steps` gives them; none needs what another one makes.
    jobs : int
        Processes on this computer; 0 for one for each core.
    scheduler : str
        Address of a Dask scheduler, in place of processes here; empty for none.
    force : bool, default False
        Train even what is up to date.

    Raises
    ------
    InputError
        If a training cannot be done, or the scheduler does not answer.
    """
    n_cores = os.cpu_count() or 1
    threads = 0 if scheduler else max(1, n_cores // (jobs or n_cores))
    parallel_map(
        _Training(study, force, threads),
        list(trainings),
        description="trainings",
        execution=ExecutionSettings(jobs=jobs or n_cores, scheduler=scheduler),
    )


@dataclass(frozen=True)
class _Training:
    """Does a training in a worker, with as many threads as it may have."""

    study: Study
    force: bool
    threads: int  # 0: as many as the worker's environment says

    def __call__(self, step: Step) -> None:
        # TensorFlow reads these when it is loaded. Dask starts its workers with OMP_NUM_THREADS.
        threads = self.threads or int(os.environ.get("OMP_NUM_THREADS", "1"))
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
        run_step(self.study, step, force=self.force)
