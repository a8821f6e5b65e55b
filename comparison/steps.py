"""The comparison's steps in running order."""

from collections.abc import Iterator

from comparison.behaviour_step import behaviour_step, people_were_asked
from comparison.models_step import models_step
from comparison.steps_maps import maps_step, metrics_step
from comparison.steps_perturbation import perturb_step
from comparison.steps_statistics import stats_step
from study.folder import Study
from study.provenance import Step


def steps(study: Study) -> Iterator[Step]:
    """Go through the comparison's steps in running order.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Step
        Behaviour, perturb, metrics, maps, stats, models; behaviour only where people were asked.
    """
    if people_were_asked(study):
        yield behaviour_step(study)
    yield perturb_step(study)
    yield metrics_step(study)
    yield maps_step(study)
    yield stats_step(study)
    yield models_step(study)
