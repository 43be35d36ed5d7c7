"""Figures by matplotlib; one function for each, one file for each."""
