"""Colours and axes that the figures share; colours are told apart by colour-blind readers (Okabe and Ito 2008)."""

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#7A7A7A"
LINES = (BLUE, ORANGE, GREEN, RED, "#CC79A7")


def make_axes(ax):
    """The caller's axes, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, 4), layout="constrained")[1]


def dress(ax, title, xlabel, ylabel):
    """A heading that says what is seen, labelled axes, no box."""
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=8)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="#E6E6E6", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def time_axis(steps, interval, unit):
    """``(times, label)``: long times of hours as days."""
    if unit == "hours" and len(steps) and (steps[-1] - steps[0]) * interval > 72:
        return steps * interval / 24, "days"
    return steps * interval, unit
