"""A diagnosis as one HTML file: words first, then figures that tell their values, then tables."""

from .page import html_page

__all__ = ["html_page"]
