"""Simulated studies: planned, recorded, and read by the same steps as a study of people."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiment.recording import versions
from experiment.simulate import Sample, simulate_session
from faceoff.power.design import Design
from faceoff.power.planting import plant
from gaze_analysis.events import make_events
from gaze_analysis.importing import import_sessions
from gaze_analysis.region_measures import trial_regions
from gaze_analysis.region_sources import landmark_outlines
from gaze_analysis.steps_density import included_fixations, map_rule, shown_picture
from gaze_analysis.steps_regions import looked_regions
from gaze_analysis.trial_maps import MapRule, picture_maps
from participants.plans import Plan, PlannedTrial, answer_keys, plan_path, screen_layout, write_plan
from stimuli.catalog import (
    CROP_COLUMNS,
    LANDMARK_COLUMNS,
    MANIFEST_COLUMNS,
    picture_landmarks,
    read_crops,
    read_manifest,
)
from stimuli.region_outlines import Outlines, region_names
from study.errors import InputError
from study.folder import Study
from study.progress import quiet
from study.seeds import generator
from study.settings import Settings
from study.tables import read_table, write_table

if TYPE_CHECKING:
    import xarray as xr

SESSION = "01"


@dataclass(frozen=True)
class Source:
    """What simulated studies are made from.

    Parameters
    ----------
    settings : Settings
        The study's settings with the strategies that are planted.
    design : Design
        The question.
    manifest, crops, landmarks : pandas.DataFrame
        The registered pictures of the expressions that have a crop and landmarks.
    """

    settings: Settings
    design: Design
    manifest: pd.DataFrame
    crops: pd.DataFrame
    landmarks: pd.DataFrame

    def key(self) -> str:
        """Name everything that a simulated study depends on, so that results can be kept."""
        design = self.design.as_json()
        for name in ("n_studies", "wanted_power", "alpha", "network_spread"):
            design.pop(name)
        if self.design.contrast == "network":
            design.pop("effect")  # it is planted in the network
        design |= {name: max(design[name]) for name in ("participants", "pictures")}
        settings = self.settings.model_dump(
            mode="json", include={"screen", "stimuli", "experiment", "observers", "gaze"}
        )
        tables = [table.to_csv(index=False) for table in (self.crops, self.landmarks)]
        facts = json.dumps([design, settings, tables, versions("faceoff", "numpy")], sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()[:12]


def make_source(study: Study, design: Design) -> Source:
    """Read the study's pictures and plant the effect.

    Parameters
    ----------
    study : Study
        A study with registered pictures.
    design : Design
        The question.

    Returns
    -------
    Source
        For `simulate_study`.

    Raises
    ------
    InputError
        If no pictures are registered, an expression has none, or the effect is too large.
    """
    manifest, crops = read_manifest(study), read_crops(study)
    landmarks = read_table(
        study.landmarks_tsv,
        what="The landmarks (faceoff stimuli register)",
        columns={"image_id": str, "x_px": float, "y_px": float},
    )
    whole = set(crops["image_id"]) & set(landmarks["image_id"])
    known = manifest[manifest["image_id"].isin(whole)]
    known = known[known["expression"].isin(design.expressions)]
    missing = set(design.expressions) - set(known["expression"])
    if missing:
        raise InputError(
            f"Simulated people need faces to look at, but the study has no picture with landmarks "
            f"that is {sorted(missing)[0]}. Register a face set: faceoff stimuli register DIR."
        )
    gaze = study.settings.gaze
    regions = gaze.regions.model_copy(update={"source": "landmarks", "merge_sides": False})
    if design.region not in regions.regions:
        regions = regions.model_copy(update={"regions": [*regions.regions, design.region]})
    settings = study.settings.model_copy(
        update={
            "observers": plant(study.settings.observers, design),
            "gaze": gaze.model_copy(update={"regions": regions}),
            "execution": study.settings.execution.model_copy(update={"jobs": 1, "scheduler": ""}),
        }
    )
    used = known["image_id"]
    return Source(
        settings,
        design,
        known.reset_index(drop=True),
        crops[crops["image_id"].isin(used)].reset_index(drop=True),
        landmarks[landmarks["image_id"].isin(used)].reset_index(drop=True),
    )


def simulate_study(source: Source, number: int) -> pd.DataFrame:
    """Simulate a study at its largest, and measure it as a study of people is measured.

    Its people and its pictures are its own: every study draws both anew. Recordings are
    written and read as text, in a temporary folder.

    Parameters
    ----------
    source : Source
        Settings and faces.
    number : int
        Which study; another number gives an independent one.

    Returns
    -------
    pandas.DataFrame
        participant and picture (from 0), expression, and value: the share of the dwell time on
        the region, or of the participant's density map. Trials that the rules of [gaze.exclude]
        leave out have no row.
    """
    design = source.design
    seed = int(generator(design.seed, "power study", number).integers(2**31))
    with tempfile.TemporaryDirectory(prefix="faceoff-power-") as folder, quiet():
        study = Study(Path(folder), source.settings)
        pictures = _register(study, source, seed)
        _record(study, pictures, design.participants[-1], seed)
        import_sessions(study)
        make_events(study)
        measure = dwell_shares if design.contrast == "expressions" else gaze_mass
        values = measure(study, design.region)
    values["participant"] = values["participant_id"].str.removeprefix("sub-").astype(int) - 1
    table = values.merge(pictures, on="image_id")
    columns = ["participant", "picture", "expression", "value"]
    return table[columns].sort_values(columns[:3], ignore_index=True)


def _register(study: Study, source: Source, seed: int) -> pd.DataFrame:
    """Give the study new pictures: faces of registered ones, under names of their own."""
    draws = generator(seed, "faces")
    rows = []
    for expression in source.design.expressions:
        own = source.manifest[source.manifest["expression"] == expression]["image_id"].tolist()
        n_pictures = source.design.pictures[-1]
        faces = draws.permutation(np.resize(draws.permutation(own), n_pictures))
        rows += [
            (f"{expression}{picture:03d}", face, expression, picture)
            for picture, face in enumerate(faces.tolist())
        ]
    pictures = pd.DataFrame(rows, columns=["image_id", "face", "expression", "picture"])
    for path, table, columns in (
        (study.manifest_tsv, source.manifest.drop(columns="expression"), MANIFEST_COLUMNS),
        (study.crops_tsv, source.crops, CROP_COLUMNS),
        (study.landmarks_tsv, source.landmarks, LANDMARK_COLUMNS),
    ):
        renamed = pictures.merge(table.rename(columns={"image_id": "face"}), on="face")
        write_table(path, renamed[list(columns)], columns)
    return pictures[["image_id", "expression", "picture"]]


def _record(study: Study, pictures: pd.DataFrame, n_participants: int, seed: int) -> None:
    """Plan and record the sessions of all observers."""
    shown = picture_landmarks(study)
    sample = Sample(study, SESSION, seed, shown, dict.fromkeys(shown, "unknown"))
    for person in range(1, n_participants + 1):
        participant_id = f"sub-{person:03d}"
        plan = _plan(study, participant_id, pictures, seed)
        write_plan(plan_path(study, participant_id, SESSION), plan)
        facts = {"participant_id": participant_id, "session": SESSION, "tracker": "simulated"}
        simulate_session(sample, facts)


def _plan(study: Study, participant_id: str, pictures: pd.DataFrame, seed: int) -> Plan:
    """Show every picture once, in random order, with the target left or right."""
    draws = generator(seed, "plan", participant_id)
    frame, targets = screen_layout(study)
    mixed = pictures.iloc[draws.permutation(len(pictures))]
    sides = draws.permutation(np.arange(len(pictures)) % 2)
    trials = [
        PlannedTrial(
            trial=number,
            block=1,
            phase="main",
            image_id=row.image_id,
            expression=row.expression,
            fixation_x_px=targets[side][0],
            fixation_y_px=targets[side][1],
            picture_x_px=int(frame.x_px),
            picture_y_px=int(frame.y_px),
            picture_width_px=int(frame.width_px),
            picture_height_px=int(frame.height_px),
        )
        for number, (row, side) in enumerate(zip(mixed.itertuples(), sides, strict=True), 1)
    ]
    keys = answer_keys(study.settings.participants.keys, 0)
    return Plan(
        participant_id=participant_id, session=SESSION, mode="real", seed=seed, keys=keys,
        trials=tuple(trials),
    )  # fmt: skip


def dwell_shares(study: Study, region: str) -> pd.DataFrame:
    """Measure each trial's share of dwell time on a region, as `gaze regions` does.

    Parameters
    ----------
    study : Study
        A study with events.
    region : str
        The region.

    Returns
    -------
    pandas.DataFrame
        participant_id, image_id and value.
    """
    named, outlines, _ = looked_regions(study)
    frame = shown_picture(study)
    table = trial_regions(named, outlines, frame.width_px, frame.height_px)
    own = table[table["region"] == region].rename(columns={"dwell_share": "value"})
    return own[["participant_id", "image_id", "value"]]


def gaze_mass(study: Study, region: str) -> pd.DataFrame:
    """Measure each participant's mass on a region in each picture's map, before averaging.

    Parameters
    ----------
    study : Study
        A study with events.
    region : str
        The region.

    Returns
    -------
    pandas.DataFrame
        participant_id, image_id and value: the mean over participants is the mass of the
        picture's map in ``density.nc``, where participants weigh the same.
    """
    fixations, rule = included_fixations(study), map_rule(study)
    outlines = landmark_outlines(study, sorted(fixations["image_id"].unique()))
    tables = []
    for image_id, own in fixations.groupby("image_id", sort=True):
        maps = picture_maps(own, rule)
        inside = region_mask(outlines[str(image_id)], region, rule)
        mass = maps.each()[:, inside].sum(axis=1) * rule.grid.cell_area_px2
        tables.append(
            pd.DataFrame({"participant_id": maps.names, "image_id": image_id, "value": mass})
        )
    return pd.concat(tables, ignore_index=True)


def region_mask(outlines: Outlines, region: str, rule: MapRule) -> "np.ndarray[Any, Any]":
    """Tell which points of the maps' grid lie on a region.

    Parameters
    ----------
    outlines : Outlines
        The picture's regions.
    region : str
        The region.
    rule : MapRule
        How maps are made.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        True on the region.
    """
    x_px, y_px = np.meshgrid(rule.grid.x_px, rule.grid.y_px)
    names = region_names(np.column_stack([x_px.ravel(), y_px.ravel()]), outlines)
    return np.asarray(names == region).reshape(rule.grid.shape)


def network_shares(study: Study, relevance: "xr.Dataset", design: Design) -> "np.ndarray[Any, Any]":
    """Measure a network's share on the region: of what speaks for the expression.

    Parameters
    ----------
    study : Study
        The study.
    relevance : xarray.Dataset
        Its maps, ``relevance(image, y, x)``.
    design : Design
        The question.

    Returns
    -------
    ndarray, shape (n_pictures,)
        For each picture of the expression that has a map and landmarks, the share of the
        positive relevance that lies on the region.
    """
    manifest = read_manifest(study)
    own = manifest[manifest["expression"].isin(design.expressions)]["image_id"]
    images = [name for name in relevance["image"].to_numpy().tolist() if name in set(own)]
    outlines = landmark_outlines(study, images) if images else {}
    x_px, y_px = np.meshgrid(relevance["x"].to_numpy(), relevance["y"].to_numpy())
    points = np.column_stack([x_px.ravel(), y_px.ravel()])
    shares = []
    for image_id, regions in outlines.items():
        positive = relevance["relevance"].sel(image=image_id).to_numpy().ravel().clip(min=0.0)
        if positive.sum() > 0:
            inside = region_names(points, regions) == design.region
            shares.append(float(positive[inside].sum() / positive.sum()))
    return np.array(shares)
