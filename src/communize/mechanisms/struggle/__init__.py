"""Struggle: pressure and influence, joining and leaving, contested sites, struggles as objects, their acts.

`rules` holds the behavioural rules as scalar functions, `loops` the loops over people and sites, `attribution` the draw of
a newly contested site's struggle, and one module
each the mechanisms: `shocks`, `incidents`, `participation` and `acts`.
"""
