"""Lyapunov spectra: mean rates of growth, with error bars, of long runs that can be resumed."""

from .benettin import lyapunov_spectrum
from .spectrum import LyapunovSpectrum

__all__ = ["LyapunovSpectrum", "lyapunov_spectrum"]
