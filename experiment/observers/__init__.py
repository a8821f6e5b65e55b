"""Simulated observers: planted strategies, answers and eye movements."""

from experiment.observers.behaviour import (
    Confidence,
    Response,
    answer_time_ms,
    draw_confidence,
    draw_response,
    in_time,
)
from experiment.observers.observer import Observer, draw_observer
from experiment.observers.trial import SimulatedTrial, TrueFixation, simulate_trial

__all__ = [
    "Confidence",
    "Observer",
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
