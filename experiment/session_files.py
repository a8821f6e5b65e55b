"""The files of one part of a session, open while it runs: trials, log, session.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiment.preparation import SessionPlan
from experiment.recording import LOG_COLUMNS, TRIAL_COLUMNS, settings_used, versions
from experiment.session_record import SessionRecord, now
from experiment.trackers.protocol import Accuracy
from study.growing import GrowingTable
from study.progress import say


class SessionFiles:
    """What a part of a session writes beside its recording, each line safe at once.

    Parameters
    ----------
    prepared : SessionPlan
        The session.
    part : dict of str to value
        What session.json is to say of this part: its number, tracker, eye, experimenter.
    """

    def __init__(self, prepared: SessionPlan, part: dict[str, Any]) -> None:
        folder, plan = prepared.folder, prepared.plan
        facts = {
            "participant_id": plan.participant_id,
            "session": plan.session,
            "mode": plan.mode,
            "task": plan.task,
            "n_trials_planned": len(plan.trials),
            "n_trials_chosen": len(prepared.trials),
        }
        part = {
            **part,
            "settings": settings_used(prepared.study),
            "versions": versions("faceoff", "psychopy", "python-pygaze", "sr-research-pylink"),
        }
        self._record = SessionRecord(folder, facts, part)
        self._trials = GrowingTable(folder / "trials.tsv", TRIAL_COLUMNS)
        self._log = GrowingTable(folder / "log.tsv", LOG_COLUMNS)
        self._validations: list[dict[str, Any]] = []
        self.n_done = prepared.progress.n_done
        self.log("part begins", detail=str(part["tracker"]))
        for table in (self._trials, self._log):
            if table.cut_off:
                self.log("incomplete line taken off", detail=table.cut_off)
        if self._trials.cut_off:
            say(
                f"The last line of {folder / 'trials.tsv'} had no end. It is in log.tsv now, and "
                "its trial comes again."
            )

    def add(self, row: dict[str, Any]) -> None:
        """Add a row to trials.tsv.

        Parameters
        ----------
        row : dict of str to value
            One value for each of `TRIAL_COLUMNS`.
        """
        self._trials.add(row)
        self.n_done += row["outcome"] == "done"

    def log(self, event: str, trial: int | None = None, detail: str = "") -> None:
        """Note what happened, and when.

        Parameters
        ----------
        event : str
            In a few words.
        trial : int, optional
            In which trial.
        detail : str, default ""
            What else is known.
        """
        self._log.add(
            {
                "time": now(),
                "part": self._record.part,
                "event": event,
                "trial": trial,
                "detail": detail or None,
            }
        )

    def note_accuracy(self, after: str, accuracy: Accuracy | None) -> None:
        """Note a calibration or validation.

        Parameters
        ----------
        after : str
            When it was.
        accuracy : Accuracy or None
            What was found; None where nothing was measured.
        """
        if accuracy is None:
            self.log("calibration", detail=f"{after}: nothing was measured")
            return
        found = {
            "average_deg": round(accuracy.average_deg, 3),
            "maximum_deg": round(accuracy.maximum_deg, 3),
            "verdict": accuracy.verdict,
        }
        self._validations.append({"time": now(), "after": after, **found})
        self._record.update(validations=self._validations)
        self.log("validation", detail=f"{after}: {found}")

    def note_consent(self, version: str, time: str) -> None:
        """Note in session.json that consent was given.

        Parameters
        ----------
        version : str
            Version of the form.
        time : str
            When, ISO 8601 with zone.
        """
        self._record.note(consent={"version": version, "time": time})

    def note_tracker(self, facts: Mapping[str, Any]) -> None:
        """Note in session.json what is known of the tracker.

        Parameters
        ----------
        facts : mapping of str to value
            As the tracker gives them.
        """
        self._record.update(tracker_facts=dict(facts))

    def end(self, status: str, reason: str, recording_files: Sequence[str]) -> None:
        """Note how this part ended, and close the files.

        Parameters
        ----------
        status : {"finished", "quit", "failed"}
            How it ended.
        reason : str
            Why, in a sentence.
        recording_files : sequence of str
            Names of the files that this part recorded.
        """
        try:
            self.log(f"part ends: {status}", detail=reason)
        finally:
            self._trials.close()
            self._log.close()
            self._record.end(
                status, reason, n_trials=self.n_done, recording_files=list(recording_files)
            )
