"""Pages hold everything that they show, and escape what is not theirs."""

import numpy as np
import pandas as pd

from study.figures import new_figure
from study.pages import figure_html, page_style, table_html


def test_a_table_shows_numbers_and_words_and_escapes_text():
    frame = pd.DataFrame(
        {"a<b": ["x & <script>", None], "n": [3, 1200], "r": [0.12345, np.nan],
         "big": [12345.678, 0.5], "yes": [True, False], "link": ["<a href='x'>x</a>", ""]}
    )  # fmt: skip
    html = table_html(frame, caption="1 < 2", decimals=3, markup=("link",))
    assert "<th>a&lt;b</th>" in html
    assert "x &amp; &lt;script&gt;" in html
    assert "<td>0.123</td>" in html
    assert "<td>12345.7</td>" in html
    assert "<td>1200</td>" in html
    assert html.count("n/a") == 2
    assert "<td>yes</td>" in html
    assert "<td><a href='x'>x</a></td>" in html
    assert "1 &lt; 2" in html


def test_a_figure_lies_in_the_page_and_is_told_in_words():
    figure = new_figure(8.0, 4.0)
    figure.subplots().plot([0, 1], [0, 1])
    html = figure_html(figure, alt='a "rising" line', caption="A line & no more.")
    assert html.startswith('<figure><img src="data:image/svg+xml;base64,')
    assert 'alt="a &quot;rising&quot; line"' in html
    assert "A line &amp; no more." in html


def test_a_figure_of_very_many_marks_is_a_picture_of_pixels():
    figure = new_figure(8.0, 4.0)
    figure.subplots().plot(np.random.default_rng(1).normal(size=30_000), "o")
    assert "data:image/png" in figure_html(figure, alt="noise", caption="Noise.")


def test_all_pages_share_a_style():
    assert "--accent" in page_style()
