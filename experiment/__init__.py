"""The session: PsychoPy window, trackers, trial machine, messages, simulated observers."""
