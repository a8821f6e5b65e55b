"""Simulated observers: planted strategies, answers and eye movements."""

from experiment.observers.behaviour import Response, draw_response
from experiment.observers.observer import Eye, Observer, draw_observer
from experiment.observers.picture import PictureEffect, PictureSpread
from experiment.observers.trial import SimulatedTrial, TrueFixation, simulate_trial

__all__ = [
    "Eye",
    "Observer",
    "PictureEffect",
    "PictureSpread",
    "Response",
    "SimulatedTrial",
    "TrueFixation",
    "draw_observer",
    "draw_response",
    "simulate_trial",
]
