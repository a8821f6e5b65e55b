"""Unpacks an EDF with SR Research's own library, in a process that it may take down with it.

Run as a script by `gaze_analysis.eyelink.edf`: the library is closed, prints what it likes and
crashes on some damaged files. Leaves two files: the samples, as an array of `SAMPLE`, and the
other elements in their order, one JSON object in a line.
"""

import ctypes as ct
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES_FILE = "samples.bin"
ELEMENTS_FILE = "elements.jsonl"
NO_LIBRARY, NOT_OPENED = 3, 4  # exit statuses

# What is kept of each sample, of the eyes left and right where there are two values.
SAMPLE = np.dtype(
    [
        ("time", "u4"),
        *((name, "f4", 2) for name in ("gx", "gy", "hx", "hy", "px", "py", "pa")),
        *((name, "f4") for name in ("rx", "ry")),
        ("hdata", "i2", 4),
        *((name, "u2") for name in ("flags", "errors")),
        ("htype", "i2"),
    ]
)
SAMPLE_TYPE, MESSAGE, RECORDING_INFO = 200, 24, 30
_CHECK_AND_MEND = 2  # as edf2asc opens files
_BATCH = 20_000
_EVENT_FIELDS = (
    "sttime", "entime", "hstx", "hsty", "gstx", "gsty", "henx", "heny", "genx", "geny", "havx",
    "havy", "gavx", "gavy", "ava", "pvel", "supd_x", "eupd_x", "supd_y", "eupd_y", "eye",
    "flags", "input", "buttons",
)  # fmt: skip
_RECORDING_FIELDS = (
    "time", "sample_rate", "sflags", "state", "record_type", "pupil_type", "recording_mode",
    "filter_type", "pos_type", "eye",
)  # fmt: skip


def main(path: Path, folder: Path) -> int:
    """Unpack a file into a folder.

    Parameters
    ----------
    path : Path
        The EDF.
    folder : Path
        Where the two files go.

    Returns
    -------
    int
        Exit status: 0, `NO_LIBRARY` or `NOT_OPENED`.
    """
    try:
        from eyelinkio.edf import _edf2py as api
    except (ImportError, OSError, AssertionError) as error:
        print(error, file=sys.stderr)
        return NO_LIBRARY
    if not str(path).isascii():  # which the library cannot open everywhere
        path = Path(shutil.copyfile(path, folder / "recording.edf"))
    problem = ct.c_int(1)
    edf = api.edf_open_file(os.fsencode(path), _CHECK_AND_MEND, 1, 1, ct.byref(problem))
    if not edf or problem.value != 0:
        return NOT_OPENED
    with (
        (folder / SAMPLES_FILE).open("wb") as samples,
        (folder / ELEMENTS_FILE).open("w", encoding="utf-8") as elements,
    ):
        elements.write(json.dumps(_preamble(api, edf)) + "\n")
        _unpack(api, edf, samples, elements)
    api.edf_close_file(edf)
    return 0


def _preamble(api: Any, edf: Any) -> dict[str, str]:
    """Take the text at the file's beginning, and the library's version."""
    length = api.edf_get_preamble_text_length(edf)
    text = ct.create_string_buffer(length + 1)
    api.edf_get_preamble_text(edf, text, length + 1)
    version = api.edf_get_version()
    return {
        "preamble": text.value.decode("latin-1"),
        "version": version.decode("latin-1"),
    }


def _unpack(api: Any, edf: Any, samples: Any, elements: Any) -> None:
    """Go through all elements; samples are copied as bytes and decoded many at once."""
    handle = ct.c_void_p(ct.cast(edf, ct.c_void_p).value)
    next_data = ct.CFUNCTYPE(ct.c_int, ct.c_void_p)(("edf_get_next_data", api.edfapi))
    float_data = ct.CFUNCTYPE(ct.c_void_p, ct.c_void_p)(("edf_get_float_data", api.edfapi))
    raw, n_samples, address = [], 0, None
    view = ct.create_string_buffer(0)
    while kind := next_data(handle):
        here = float_data(handle)
        if kind == SAMPLE_TYPE:
            if here != address:  # it is always the same one
                address = here
                view = (ct.c_char * ct.sizeof(api.FSAMPLE)).from_address(here)
            raw.append(view.raw)
            n_samples += 1
            if len(raw) == _BATCH:
                samples.write(_decode(raw, api.FSAMPLE).tobytes())
                raw.clear()
        else:
            facts = _element(api, kind, ct.cast(here, ct.POINTER(api.ALLF_DATA)).contents)
            elements.write(json.dumps({"type": kind, "n_samples": n_samples, **facts}) + "\n")
    samples.write(_decode(raw, api.FSAMPLE).tobytes())


def _decode(raw: list[bytes], structure: Any) -> NDArray[Any]:
    """Take what is kept out of the library's structures."""
    whole = np.frombuffer(b"".join(raw), np.dtype(structure))
    kept = np.empty(len(whole), SAMPLE)
    for name in SAMPLE.names or ():
        kept[name] = whole[name][:, :4] if name == "hdata" else whole[name]
    return kept


def _element(api: Any, kind: int, data: Any) -> dict[str, Any]:
    """Take what is kept of an element that is no sample."""
    if kind == RECORDING_INFO:
        return {name: getattr(data.rec, name) for name in _RECORDING_FIELDS}
    event = data.fe
    if kind == MESSAGE:
        text = b""
        if event.message:
            start = ct.addressof(event.message.contents) + api.LSTRING.c.offset
            text = ct.string_at(start, event.message.contents.len).split(b"\0")[0]
        # Latin-1 gives each byte a letter, so that the bytes can be had again.
        return {"sttime": event.sttime, "text": text.decode("latin-1")}
    return {name: getattr(event, name) for name in _EVENT_FIELDS}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
