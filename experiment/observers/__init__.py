"""Simulated observers: planted strategies, answers and eye movements."""

from experiment.observers.behaviour import (
    Confidence,
    Response,
    answer_time_ms,
    draw_confidence,
    draw_response,
    in_time,
)
from experiment.observers.observer import Eye, Observer, draw_observer
from experiment.observers.picture import PictureEffect, PictureSpread
from experiment.observers.trial import SimulatedTrial, TrueFixation, simulate_trial

__all__ = [
    "Confidence",
    "Eye",
    "Observer",
    "PictureEffect",
    "PictureSpread",
    "Response",
    "SimulatedTrial",
    "TrueFixation",
    "answer_time_ms",
    "draw_confidence",
    "draw_observer",
    "draw_response",
    "in_time",
    "simulate_trial",
]
