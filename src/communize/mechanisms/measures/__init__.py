"""Measures: practices and their instances, how they spread, what keeps them, how they end (`model.md` section 6).

`rules` holds the rules as scalar functions; `records` the tables of practices and instances; `taking_part` who enters and
leaves; `practice` and `settings` what a scenario states; `surroundings` what a place sees of measures; `channels` the draw of who founds what. One module each the
mechanisms, in the order of the day: `founding`, `rallying`, `dissolution`, `contents`, `horizon`, `neutral`, and
`generalisation`, which observes.
"""
