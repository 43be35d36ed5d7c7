"""Text tables as people write them, and the line and column of what is wrong with one."""

import time

import numpy as np
import pytest

from rnncore import FormatError
from rnncore.io import read_series

TABLE = [[1.5, -2.0], [3e-4, 4.0], [5.0, 6.25]]


def read(tmp_path, text, columns=None, name="series.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_series(path, columns)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   ", ", "])
@pytest.mark.parametrize("header", [None, ("a", "b"), ("time of day", "b")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_delimiters_headers_and_line_ends_are_found(delimiter, header, end, bom, tmp_path):
    if header and delimiter.isspace() and delimiter != "\t" and " " in header[0]:
        header = ("time", "b")
    lines = [] if header is None else [delimiter.join(header)]
    lines += [delimiter.join(map(str, row)) for row in TABLE]
    series = read(tmp_path, bom + end.join(lines).encode())
    np.testing.assert_array_equal(series.values, TABLE)
    assert series.columns == (header or ("0", "1"))


@pytest.mark.parametrize(
    "text",
    [
        "# made by hand\n\n1,2\n# between\n3,4\n\n",
        '"1","2"\n"3","4"\n',
        "a,b\n1, 2\n 3,4",
        '"a, with comma",b\n1,2\n3,"4"\n',
        "date,a,b\n2013-01-01,1,2\n2013-01-02,3,4\n",
        "2013-01-01 00:00;1;2\n2013-01-01 01:00;3;4\n",
        "a,station,b\n1,JFK,2\n3,LGA,4\n",
        "a|b\n1|2\n3|4",
        "+1,2.\n3e0,.4e1\n",
    ],
)
def test_comments_quotes_and_text_columns_are_passed_over(text, tmp_path):
    np.testing.assert_array_equal(read(tmp_path, text).values, [[1, 2], [3, 4]])


def test_one_column_needs_no_delimiter(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, "1\n2\n3").values, [[1], [2], [3]])
    assert read(tmp_path, "temperature\n1\n2").columns == ("temperature",)


@pytest.mark.parametrize(
    "columns, expected",
    [
        (["b"], [[2], [5]]),
        (["c", "a"], [[3, 1], [6, 4]]),
        (["2", 0], [[3, 1], [6, 4]]),
        ([-1], [[3], [6]]),
        (["a", "a"], [[1, 1], [4, 4]]),
    ],
)
def test_columns_are_chosen_by_name_and_number_in_their_order(columns, expected, tmp_path):
    np.testing.assert_array_equal(read(tmp_path, "a,b,c\n1,2,3\n4,5,6\n", columns).values, expected)


@pytest.mark.parametrize(
    "columns, message", [(["d"], "no column 'd'; there are a, b"), ([2], "no column 2"), ([-3], "no")]
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(columns, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, "a,b\n1,2\n", columns)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "empty"),
        ("\n \n# nothing\n", "no data"),
        ("a,b\n", "header .* without data"),
        ("a,b\n1,2\n3\n", "line 3: 1 columns, but 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 3 columns, but 2"),
        ("1,2\n3,four\n", "line 2, column '1': 'four' is no number"),
        ("a,b\n1,2\n3,\n", "line 3, column 'b': a missing value"),
        ("a,b\n1,2\n\n# c\nNA,1\n", "line 5, column 'a': a missing value"),
        ("a,b\n1,2\n3,nan\n", "line 3, column 'b': a missing value"),
        ("a,b\n1,2\n3,-inf\n", "line 3, column 'b': -inf is not finite"),
        ("a;b\n1,5;2\n", "decimal comma"),
        ("date\n2013-01-01\n", "no column holds numbers"),
        (b"a,b\n1,\xff\n", "UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,\x002\n", "zero byte"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(text, message, tmp_path):
    with pytest.raises(FormatError, match=message) as error:
        read(tmp_path, text)
    assert "series.csv" in str(error.value)


@pytest.mark.parametrize("wrong", ["x,1", "1", "1,2,3", "1,", "1,nan"])
def test_an_error_far_down_a_long_file_is_found(wrong, tmp_path):
    lines = ["1.0,2.0"] * 50_000
    lines[40_000] = wrong
    with pytest.raises(FormatError, match="line 40001"):
        read(tmp_path, "\n".join(lines))


def test_a_text_column_asked_for_is_an_error(tmp_path):
    with pytest.raises(FormatError, match="line 2, column 'date': 'Monday' is no number"):
        read(tmp_path, "date,a\nMonday,1\n", ["date"])


def test_every_float_is_read_exactly(tmp_path):
    values = np.random.default_rng(0).integers(0, 2**63, 3000).view(np.float64)
    values = values[np.isfinite(values)]
    np.testing.assert_array_equal(read(tmp_path, "\n".join(map(repr, values.tolist()))).values[:, 0], values)


def test_a_million_numbers_take_seconds_at_most(tmp_path):
    text = "\n".join(["1.2345,2.3456,3.4567,4.5678"] * 250_000)
    before = time.perf_counter()
    assert read(tmp_path, text).values.shape == (250_000, 4)
    assert time.perf_counter() - before < 5
