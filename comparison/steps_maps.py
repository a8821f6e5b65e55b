"""The steps that set map against map: metrics, and (below) similarity and differences."""

from pathlib import Path

import pandas as pd

from comparison import agreement, inputs, metrics, resolution
from comparison.apa import number
from comparison.map_inputs import compared_maps, people_of, read_map_inputs
from gaze_analysis.region_sources import region_source, source_files
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.tables import write_table


def metrics_step(study: Study) -> Step:
    """Describe the step that judges maps by where people looked.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes metrics.tsv, agreement.tsv and resolution.tsv.
    """
    folder, settings = study.comparison_dir, study.settings.comparison
    names = ("metrics", "agreement", "resolution")
    return Step(
        command="compare metrics",
        inputs=_map_files(study),
        outputs=tuple(folder / f"{name}.{end}" for name in names for end in ("tsv", "json")),
        settings=_map_settings(study)
        | {
            "centre_sigma": settings.centre_sigma,
            "emd_cells": settings.emd_cells,
            "halves": settings.halves,
            "grid": settings.grid,
            "confidence": settings.confidence,
        },
        run=lambda: _metrics(study),
        follows="compare maps",
    )


def _map_files(study: Study) -> tuple[Path, ...]:
    """List the files from which all map comparisons are made."""
    regions = source_files(study) if region_source(study) in ("drawn", "landmarks") else ()
    return tuple(
        dict.fromkeys(
            (
                inputs.density_nc(study),
                inputs.relevance_nc(study),
                study.gaze_dir / "fixations.tsv",
                study.manifest_tsv,
                study.splits_tsv,
                *inputs.answers_inputs(study),
                *regions,
            )
        )
    )


def _map_settings(study: Study) -> dict[str, object]:
    """Collect the settings that change all map comparisons."""
    settings = study.settings
    return {
        "cells_per_side": settings.comparison.cells_per_side,
        "network_answers": settings.comparison.network_answers,
        "picture_px": settings.stimuli.picture_px,
        "density": settings.gaze.density.model_dump(mode="json"),
        "regions": settings.gaze.regions.model_dump(mode="json"),
        "model": settings.cnn.model,
        "seed": settings.study.seed,
    }


def _metrics(study: Study) -> None:
    """Bring gaze and relevance to one grid, judge all maps, and write the values."""
    settings, seed = study.settings.comparison, study.settings.study.seed
    read = read_map_inputs(study)
    maps = compared_maps(study, read)
    values = metrics.metrics_table(
        maps,
        people_of(read, maps.cells_per_side),
        metrics.JudgeRule(settings.halves, settings.emd_cells, seed),
        study.settings.execution,
    )
    scaled = agreement.agreement_table(values, confidence=settings.confidence, seed=seed)
    swept = resolution.resolution_table(read, maps, confidence=settings.confidence, seed=seed)
    folder = study.comparison_dir
    write_table(folder / "metrics.tsv", values, metrics.METRIC_COLUMNS)
    write_table(folder / "agreement.tsv", scaled, agreement.AGREEMENT_COLUMNS)
    write_table(folder / "resolution.tsv", swept, resolution.RESOLUTION_COLUMNS)
    _say_agreement(scaled)


def _say_agreement(table: pd.DataFrame) -> None:
    """Tell the mean agreement of relevance with gaze beside the mean face scan and people."""
    chosen = table[(table["expression"] == "all") & (table["control"] == "mean_gaze")]
    for metric in ("CC", "NSS"):
        for _, row in chosen[chosen["metric"] == metric].iterrows():
            if row["map"] in ("relevance", "relevance_smooth"):
                say(
                    f"  {metric} with gaze: {row['map']} {number(row['value'])}, mean gaze on "
                    f"other pictures {number(row['control_value'])}, people "
                    f"{number(row['ceiling_value'])}; normalised {number(row['normalised'])}"
                    + (f" ({row['note']})" if isinstance(row["note"], str) else "")
                )
