"""Interrupts reach the tests and what they start, also where pytest itself runs in the background and was told to ignore them."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
