"""Draws and compiled loops: NumPy and Numba alone."""
