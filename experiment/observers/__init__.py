"""Simulated observers: planted strategies, answers and eye movements."""

from experiment.observers.behaviour import Confidence, Response, draw_confidence, draw_response
from experiment.observers.observer import Observer, draw_observer
from experiment.observers.trial import SimulatedTrial, TrueFixation, simulate_trial

__all__ = [
    "Confidence",
    "Observer",
    "Response",
    "SimulatedTrial",
    "TrueFixation",
    "draw_confidence",
    "draw_observer",
    "draw_response",
    "simulate_trial",
]
