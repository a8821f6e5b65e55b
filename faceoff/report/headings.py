"""The headings of printed tables: words in the place of the names that columns have in files."""

_UNITS = {
    "deg": "deg", "ms": "ms", "px": "px", "hz": "Hz", "deg2": "deg²", "percent": "%", "cm": "cm",
}  # fmt: skip
_WORDS = {
    "aopc": "AOPC",
    "auc_absolute": "AUC, absolute",
    "auc_signed": "AUC, signed",
    "ci": "CI",
    "df1": "df 1",
    "df2": "df 2",
    "effect_ci": "CI of the effect",
    "effect_size": "effect",
    "effect_size_name": "effect is",
    "normalised_ci": "CI",
    "p_bh": "p (BH)",
    "p_corrected": "p (corrected)",
    "p_holm": "p (Holm)",
    "rms_s2s_deg": "RMS-S2S (deg)",
    "sd_deg": "SD (deg)",
    "srg": "SRG",
}


def heading(name: object) -> str:
    """Give the heading of a column.

    Parameters
    ----------
    name : object
        Its name in files.

    Returns
    -------
    str
        Words, with the unit in brackets.

    Examples
    --------
    >>> heading("p_holm"), heading("duration_ms"), heading("mean_face_r")
    ('p (Holm)', 'duration (ms)', 'mean face r')
    """
    text = str(name)
    if text in _WORDS:
        return _WORDS[text]
    words, _, unit = text.rpartition("_")
    if words and unit in _UNITS:
        return f"{words.replace('_', ' ')} ({_UNITS[unit]})"
    return text.replace("_", " ")
