"""The steps that set map against map: metrics, then similarity and differences."""

from pathlib import Path

import pandas as pd

from comparison import (
    agreement,
    difference_tables,
    inputs,
    map_differences,
    metrics,
    resolution,
    similarity,
)
from comparison.apa import number
from comparison.common_maps import ComparedMaps, PeopleMaps, on_grid, smooth
from comparison.map_inputs import (
    compared_maps,
    explanation_files,
    people_of,
    read_explanations,
    read_map_inputs,
)
from gaze_analysis.region_sources import region_source, source_files
from study.errors import InputError
from study.folder import Study
from study.maps import write_maps
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
    swept = resolution.resolution_table(
        read, maps, study.settings.execution, confidence=settings.confidence, seed=seed
    )
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


def maps_step(study: Study) -> Step:
    """Describe the step that compares the maps of expressions, and gaze with relevance by cell.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes similarity.tsv, rsa.tsv, map_tests.tsv, map_clusters.tsv and map_differences.nc.
    """
    folder = study.comparison_dir
    names = ("similarity", "rsa", "map_tests", "map_clusters")
    tables = tuple(folder / f"{name}.{end}" for name in names for end in ("tsv", "json"))
    return Step(
        command="compare maps",
        inputs=tuple(dict.fromkeys((*_map_files(study), *explanation_files(study).values()))),
        outputs=(*tables, folder / "map_differences.nc"),
        settings=_map_settings(study)
        | {"map_permutations": study.settings.comparison.map_permutations},
        run=lambda: _maps(study),
        follows="compare stats",
    )


def _maps(study: Study) -> None:
    """Compare expressions' maps with each other, test differences, and write both."""
    settings, folder = study.settings, study.comparison_dir
    read = read_map_inputs(study)
    maps = compared_maps(study, read)
    people = people_of(read, maps.cells_per_side)
    matrix, patterns = _similarity(study, maps, people)
    found = map_differences.map_differences(
        maps,
        people,
        n_permutations=settings.comparison.map_permutations,
        seed=settings.study.seed,
        execution=settings.execution,
    )
    picture_px = settings.stimuli.picture_px
    tests = difference_tables.outcome_table(found)
    clusters = difference_tables.clusters_table(found, picture_px)
    write_table(folder / "similarity.tsv", matrix, similarity.SIMILARITY_COLUMNS)
    write_table(folder / "rsa.tsv", patterns, similarity.RSA_COLUMNS)
    write_table(folder / "map_tests.tsv", tests, difference_tables.TEST_COLUMNS)
    write_table(folder / "map_clusters.tsv", clusters, difference_tables.CLUSTER_COLUMNS)
    write_maps(
        folder / "map_differences.nc", difference_tables.differences_dataset(found, picture_px)
    )
    _say_maps(patterns, tests)


def _similarity(
    study: Study, maps: ComparedMaps, people: list[PeopleMaps]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Correlate the expressions' maps of people and of every explanation."""
    picture_px, side = study.settings.stimuli.picture_px, maps.cells_per_side
    sources = {similarity.PEOPLE: similarity.class_maps(maps.gaze, maps.expressions)}
    for name, explained in read_explanations(study).items():
        if missing := sorted(set(maps.image_ids) - set(explained["image"].to_numpy())):
            raise InputError(
                f"Every explanation must hold the pictures that are compared, but that by {name} "
                f"lacks {len(missing)} of {len(maps.image_ids)} ({', '.join(missing[:3])}). Make "
                f"it anew: faceoff cnn explain --method {name}, or delete its file."
            )
        stack = on_grid(explained, "relevance", maps.image_ids, picture_px, side)
        smoothed = smooth(stack, side, maps.sigma_cells)
        sources[name] = similarity.class_maps(smoothed, maps.expressions)
    matrix = similarity.similarity_table(similarity.similarity_matrix(sources))
    own = similarity.participants_class_maps(people, maps.expressions)
    return matrix, similarity.rsa_table(sources, own)


def _say_maps(patterns: pd.DataFrame, tests: pd.DataFrame) -> None:
    """Tell the agreement of patterns, and how much of the picture differs."""
    if patterns.empty:
        say(
            f"  no RSA: it takes {similarity.FEWEST_EXPRESSIONS} expressions or more, all with "
            "pictures that have gaze and relevance"
        )
    for _, row in patterns[patterns["a"] == similarity.PEOPLE].iterrows():
        say(
            f"  distances between expressions, people and {row['b']}: tau-a "
            f"{number(row['tau_a'])}, exact p {number(row['p'], 3)}"
        )
    for _, row in tests[tests["expression"] == "all"].iterrows():
        told = (
            row["note"]
            if isinstance(row["note"], str)
            else f"gaze denser on {number(row['gaze_more_percent'], 1)} % of the picture, "
            f"relevance on {number(row['relevance_more_percent'], 1)} %"
        )
        say(f"  gaze minus relevance over {row['n']} {row['unit']}: {told}")
