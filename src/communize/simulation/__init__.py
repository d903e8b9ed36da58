"""The day: the visible, ordered list of phases, and the loop that runs it."""
