"""The commands of `faceoff compare`: people, perturbation, maps and statistics."""

from pathlib import Path
from typing import Annotated

import typer

from comparison.cli_masks import masks
from study.cli import ForceOption, JobsOption, SchedulerOption, StudyOption, open_for_command

app = typer.Typer(no_args_is_help=True, help="Set people's gaze against the network's relevance.")
app.command()(masks)

AsExperimentOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Make a study there in which people name the occluded faces."),
]
OcclusionConditionsOption = Annotated[
    str,
    typer.Option(
        metavar="NAMES", help="With --as-experiment: whose orders, with commas; random is one."
    ),
]
OcclusionStepsOption = Annotated[
    str,
    typer.Option(
        metavar="STEPS", help="With --as-experiment: removal steps; 0 is the intact face."
    ),
]
WithExperimentOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Draw people's accuracy in that study beside the network's curves."
    ),
]


@app.command()
def behaviour(study: StudyOption = Path(), force: ForceOption = False) -> None:
    """Set people's answers beside the network's: confusions, hard pictures, consistent errors."""
    opened = open_for_command(study)
    from comparison.behaviour_step import behaviour_step
    from study.provenance import run_step

    run_step(opened, behaviour_step(opened), force=force)


@app.command()
def perturb(
    study: StudyOption = Path(),
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
    as_experiment: AsExperimentOption = None,
    occlusion_conditions: OcclusionConditionsOption = "gaze,relevance",
    occlusion_steps: OcclusionStepsOption = "0,2,4,6,8",
    with_experiment: WithExperimentOption = None,
) -> None:
    """Remove tile after tile in the order of gaze, relevance and chance; curves and areas."""
    opened = open_for_command(study, scheduler=scheduler)
    from comparison.steps_perturbation import perturb_step
    from study.provenance import run_step

    run_step(opened, perturb_step(opened), force=force)
    if as_experiment is not None:
        from cnn.network import load_network
        from comparison.occlusion import parse_steps
        from comparison.occlusion_study import write_occlusion_study

        conditions = [name.strip() for name in occlusion_conditions.split(",")]
        steps = parse_steps(occlusion_steps)
        input_px = load_network(opened, opened.settings.cnn.model).input_px
        write_occlusion_study(opened, as_experiment, conditions, steps, input_px)
    if with_experiment is not None:
        from comparison.occlusion_people import occlusion_step
        from study.folder import open_study

        run_step(opened, occlusion_step(opened, open_study(with_experiment)), force=force)


@app.command()
def noise(
    study: StudyOption = Path(),
    force: ForceOption = False,
    as_experiment: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Make a study there in which people name the test faces with noise."
        ),
    ] = None,
    variances: Annotated[
        str,
        typer.Option(metavar="V,V,...", help="With --as-experiment: of the noise, from 0 to 1."),
    ] = "0,0.01,0.05,0.1,0.2,0.5,1",
    with_experiment: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Set people's answers in that study beside the network."),
    ] = None,
) -> None:
    """Ask how much noise people stand, and the network: accuracy and thresholds."""
    opened = open_for_command(study)
    from study.errors import InputError
    from study.folder import open_study
    from study.provenance import run_step

    if as_experiment is None and with_experiment is None:
        raise InputError(
            "People's answers under noise come from a study of its own, but none was named. Make "
            "it with --as-experiment DIR, and read it with --with-experiment DIR."
        )
    if as_experiment is not None:
        from cnn.network import load_network
        from comparison.noise_study import parse_variances, write_noise_study
        from study.progress import say

        levels = parse_variances(variances)
        input_px = load_network(opened, opened.settings.cnn.model).input_px
        write_noise_study(opened, as_experiment, levels, input_px)
        say(f"  next: faceoff participants add --study {as_experiment}")
    if with_experiment is not None:
        from comparison.noise_people import noise_step

        run_step(opened, noise_step(opened, open_study(with_experiment)), force=force)


@app.command()
def robustness(
    study: StudyOption = Path(), scheduler: SchedulerOption = "", force: ForceOption = False
) -> None:
    """Rank the conditions under several fills and grids, and tell how well the ranks agree."""
    opened = open_for_command(study, scheduler=scheduler)
    from comparison.robustness import robustness_step
    from study.provenance import run_step

    run_step(opened, robustness_step(opened), force=force)


@app.command()
def metrics(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Judge relevance, controls and people by gaze: CC, SIM, KL, EMD, NSS, AUC, IG, ranks."""
    opened = open_for_command(study, jobs, scheduler)
    from comparison.steps_maps import metrics_step
    from study.provenance import run_step

    run_step(opened, metrics_step(opened), force=force)


@app.command()
def maps(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Compare maps of expressions (matrix, RSA), and test where gaze and relevance differ."""
    opened = open_for_command(study, jobs, scheduler)
    from comparison.steps_maps import maps_step
    from study.provenance import run_step

    run_step(opened, maps_step(opened), force=force)


@app.command()
def register(study: StudyOption = Path()) -> None:
    """Keep the plan of [confirmatory] with its date and hash, before the data are seen."""
    opened = open_for_command(study)
    from comparison import plan
    from study.progress import say

    kept = plan.register(opened)
    say(f"Registered {len(kept['plan']['questions'])} questions at {kept['registered']}")
    say(f"  wrote {plan.registration_json(opened)}")
    say(f"  SHA-256 to publish with the plan: {kept['sha256']}")
    for row in plan.deviations(opened, plan.read_registration(opened)):
        say(f"  deviation: {row['sentence']}")


@app.command()
def stats(study: StudyOption = Path(), force: ForceOption = False) -> None:
    """Test over pictures: gaze, relevance, chance and controls, overall and by expression."""
    opened = open_for_command(study)
    from comparison.steps_statistics import stats_step
    from study.provenance import run_step

    run_step(opened, stats_step(opened), force=force)


@app.command()
def models(study: StudyOption = Path(), force: ForceOption = False) -> None:
    """Model accuracy, reaction time, dwell and perturbation; people and pictures are random."""
    opened = open_for_command(study)
    from comparison.models_step import models_step
    from study.provenance import run_step

    run_step(opened, models_step(opened), force=force)
