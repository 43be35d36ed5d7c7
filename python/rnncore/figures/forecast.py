"""The readout's forecasts of held-back data, the truth, and persistence."""

from ..diagnosis.page import describe_column, describe_time
from .style import BLUE, GREY, ORANGE, drawable, dress, legend_above, make_axes, time_axis


def plot_forecast(forecast, ax=None):
    """The last held-back stretch; returns the axes."""
    ax = make_axes(ax)
    window = forecast.window
    times, label = time_axis(window["step"], forecast.interval, forecast.time_unit)
    unit = f" {forecast.unit}" if forecast.unit else ""
    ahead = describe_time(forecast.horizon * forecast.interval, forecast.time_unit)
    ax.plot(
        times, window["persistence"], color=ORANGE, linewidth=1.1, alpha=0.9,
        label=f"persistence, error {forecast.persistence_rmse:.3g}{unit}",
    )  # fmt: skip
    ax.plot(times, window["truth"], color=GREY, linewidth=2.2, alpha=0.65, label="observed")
    ax.plot(
        times, drawable(window["readout"]), color=BLUE, linewidth=1.4, label=f"network, error {forecast.rmse:.3g}{unit}"
    )
    ax.margins(x=0)
    legend_above(ax, 3)
    name = describe_column(forecast.columns[0])
    dress(ax, f"Forecast {ahead} ahead, on data held back from the fit", f"{label} since the start of the series", "")
    ax.set_ylabel(f"{name} ({forecast.unit})" if forecast.unit else name)
    return ax
