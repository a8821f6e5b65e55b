"""Small ASC files for the tests, written by hand from the manual's section on the format."""

HEADER = """** CONVERTED FROM test.edf using edfapi 4.2 on Mon Jan  1 00:00:00 2024
** DATE: Mon Jan  1 00:00:00 2024
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** EYELINK II CL v5.15 Jan 24 2018
**

MSG\t1000 DISPLAY_COORDS 0 0 1919 1079
INPUT\t1001\t127
MSG\t1002 !CAL
>>>>>>> CALIBRATION (HV9,P-CR) FOR RIGHT: <<<<<<<<<
MSG\t1002 !CAL eye check box: (L,R,T,B)
\t  -56     5   -66     6

MSG\t1002 !CAL Cal coeff:(X=a+bx+cy+dxx+eyy,Y=f+gx+goaly+ixx+jyy)
   5.4838e-05  81.682 -18.572 -0.23251 -0.41581
   423.86  21.209  171.19  0.093313  2.3808
MSG\t1003 !CAL CALIBRATION HV9 R RIGHT   GOOD
MSG\t1004 !CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.38 avg. 0.69 max  OFFSET 0.24 deg. 6.9,5.4 pix.
MSG\t1004 VALIDATE R 4POINT 0 RIGHT  at 512,384  OFFSET 0.57 deg.  15.9,-13.0 pix.
MSG\t1004 VALIDATE R 4POINT 1 RIGHT  at 512,65  OFFSET 0.05 deg.  1.4,-1.2 pix.
"""

# Columns after the stamp by what the SAMPLES line declares: one line of each layout.
SAMPLE_LINES = {
    "mono": ("GAZE\tRIGHT", "  504.1\t  395.7\t 1138.0\t..."),
    "bino": ("GAZE\tLEFT\tRIGHT", "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0\t....."),
    "mono_velocity": ("GAZE\tRIGHT\tVEL", "  504.1\t  395.7\t 1138.0\t   -1.5\t    2.5\t..."),
    "mono_both": (
        "GAZE\tRIGHT\tVEL\tRES",
        "  504.1\t  395.7\t 1138.0\t   -1.5\t    2.5\t  35.10\t  36.20\t...",
    ),
    "bino_resolution": (
        "GAZE\tLEFT\tRIGHT\tRES",
        "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0\t  35.10\t  36.20\t.....",
    ),
    "bino_both": (
        "GAZE\tLEFT\tRIGHT\tVEL\tRES\tINPUT",
        "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0\t   -1.5\t    2.5\t   -1.0\t    0.5"
        "\t  35.10\t  36.20\t  127.0\t.C.R.",
    ),
    "buttons": (
        "GAZE\tRIGHT\tINPUT\tBUTTONS",
        "  504.1\t  395.7\t 1138.0\t  127.0\t    3.0\t...",
    ),
    "no_flags": ("GAZE\tRIGHT", "  504.1\t  395.7\t 1138.0"),
    "bino_no_flags": (
        "GAZE\tLEFT\tRIGHT",
        "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0",
    ),
    "raw_bino": (
        "PUPIL\tLEFT\tRIGHT",
        "  504.1\t  395.7\t 938.0\t-2508.0\t 1399.5\t  913.0\t.....",
    ),
    "input": ("GAZE\tRIGHT\tINPUT", "  504.1\t  395.7\t 1138.0\t  127.0\t..."),
    "raw": ("PUPIL\tLEFT", "  504.1\t  395.7\t 1138.0\t..."),
    "href": ("HREF\tLEFT", "  504.1\t  395.7\t 1138.0\t..."),
    "remote": (
        "GAZE\tRIGHT\tHTARGET",
        "  504.1\t  395.7\t  228.0\t... \t 4717.0\t 2908.0\t  611.2 .............",
    ),
    "remote_tab": (
        "GAZE\tRIGHT\tHTARGET\tINPUT",
        "  504.1\t  395.7\t  228.0\t  127.0\t...\t 4717.0\t 2908.0\t  611.2\t.A...F..R....",
    ),
    "remote_bino": (
        "GAZE\tLEFT\tRIGHT\tHTARGET",
        "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0\t..... \t 4717.0\t 2908.0"
        "\t  611.2 ...CF.B.RTB.R....",
    ),
    "remote_bino_absent": (
        "GAZE\tLEFT\tRIGHT\tHTARGET",
        "  504.1\t  395.7\t 938.0\t  508.0\t  399.5\t  913.0\t.....",
    ),
    "remote_absent": ("GAZE\tRIGHT\tHTARGET", "  504.1\t  395.7\t  228.0\t..."),
}


def block(
    layout: str = "mono",
    start_ms: int = 2000,
    n_samples: int = 20,
    rate_hz: int = 1000,
    missing: str = ".",
) -> str:
    """Write one recording block; samples 3 and 4 are missing, a fixation and a blink end in it."""
    declared, line = SAMPLE_LINES[layout]
    eyes = "\t".join(word for word in declared.split("\t") if word in ("LEFT", "RIGHT"))
    letters = [eye[0] for eye in eyes.split("\t")]
    step = 1000 // rate_hz if rate_hz <= 1000 else 1
    last = start_ms + step * (n_samples - 1)
    lines = [
        f"MSG\t{start_ms - 1} RECCFG CR {rate_hz} 2 1 {''.join(letters)}",
        f"START\t{start_ms} \t{eyes}\tSAMPLES\tEVENTS",
        "PRESCALER\t1",
        "VPRESCALER\t1",
        "PUPIL\tAREA",
        f"EVENTS\tGAZE\t{eyes}\tRATE\t{rate_hz}.00\tTRACKING\tCR\tFILTER\t2",
        f"SAMPLES\t{_with_rate(declared, rate_hz)}",
        *(f"SFIX {eye}   {start_ms}" for eye in letters),
    ]
    gone = line.replace("504.1", missing.rjust(5)).replace("395.7", missing.rjust(5))
    lines += [f"{start_ms + step * i}\t{gone if i in (3, 4) else line}" for i in range(n_samples)]
    for eye in letters:
        span = f"{start_ms}\t{last}\t{last - start_ms + step}"
        lines.append(f"EFIX {eye}   {span}\t  505.0\t  398.0\t   1102")
        lines.append(f"SBLINK {eye} {start_ms}")
        lines.append(f"EBLINK {eye} {span}")
        lines.append(f"ESACC {eye}  {span}\t   .\t -3.5\t  507.4\t  388.9\t 2.3e+06\t     42")
    lines.append(f"END\t{last + step} \tSAMPLES\tEVENTS\tRES\t  35.18\t  35.14")
    return "\n".join(lines) + "\n"


def _with_rate(declared: str, rate_hz: int) -> str:
    """Put the rate where EyeLink writes it: before INPUT, after everything else."""
    words = declared.split("\t")
    last = ["INPUT"] if "INPUT" in words else []
    words = [word for word in words if word != "INPUT"]
    return "\t".join([*words, f"RATE\t{rate_hz}.00\tTRACKING\tCR\tFILTER\t2", *last])
