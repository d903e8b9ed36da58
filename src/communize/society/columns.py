"""The columns of people, sites and places (`model.md` section 1).

Mechanisms add columns of their own (`Mechanism.columns`); every column of either kind is in the state hash.
"""

from communize.declare.registry import Column

PEOPLE = (
    Column("people", "home", "int32", "site row", "neighbourhood in which the person lives", (0, None)),
    Column("people", "work", "int32", "site row", "site of work or study, -1 for none", (-1, None), -1),
    Column("people", "position", "int8", "code", "position in the class relation, index into POSITIONS", (0, 8)),
    Column("people", "group", "int8", "code", "ascribed group, index into the scenario's groups", (0, 15)),
    Column("people", "activity", "int8", "code", "what the person does, index into ACTIVITIES", (0, 3)),
    Column("people", "money", "int64", "coin", "money held", (0, None), money=1),
    Column("people", "debt", "int64", "coin", "money owed", (0, None), money=-1),
    Column("people", "belonging", "float32", "1", "class membership as identity (+1) or outer constraint (-1)", (-1, 1)),
    Column("people", "nerve", "float32", "pressure", "own threshold of joining a struggle"),
    Column("people", "unmet", "float32", "share", "weighted share of needs that are not met", (0, 1)),
    Column("people", "horizon", "float32", "share", "how far other relations seem possible", (0, 1)),
    Column("people", "measure", "int32", "site row", "site of the measure that the person joined, -1 for none", (-1, None), -1),
    Column("people", "ties_in_measures", "uint16", "tie", "ties to people in measures", (0, None)),
)

SITES = (
    Column("sites", "kind", "int8", "code", "index into KINDS", (0, 4)),
    Column("sites", "place", "int32", "place row", "place in which the site lies", (0, None)),
    Column("sites", "sector", "int8", "code", "index into the scenario's sectors, -1 for neighbourhoods", (-1, None), -1),
    Column("sites", "owner", "int32", "person row", "person who holds the site, -1 for none known", (-1, None), -1),
    Column("sites", "capital", "int64", "coin", "capital of the plant", (0, None)),
    Column("sites", "mode", "int8", "code", "index into MODES", (0, 4)),
    Column("sites", "instance", "int32", "instance row", "measure in force, -1 for none", (-1, None), -1),
    Column("sites", "began", "int32", "day", "day on which the present mode began, -1 for the start", (-1, None), -1),
    Column("sites", "members", "int32", "agent", "people who live, work or study there", (0, None)),
    Column("sites", "eligible", "int32", "agent", "members whose position and group let them take part in struggles and measures", (0, None)),
    Column("sites", "active", "int32", "agent", "members in struggle", (0, None)),
    Column("sites", "participants", "int32", "agent", "members in measures, here or elsewhere, and others who joined here", (0, None)),
    Column("sites", "ties_in_measures", "int32", "tie", "ties of members to people in measures who are neither members nor joined here", (0, None)),
    Column("sites", "held", "int32", "agent", "members held by the State", (0, None)),
)  # fmt: skip

PLACES = (
    Column("places", "latitude", "float64", "degree north", "latitude", (-90, 90)),
    Column("places", "longitude", "float64", "degree east", "longitude", (-180, 180)),
    Column("places", "population", "int64", "person", "people of the place as the source gives them", (0, None)),
    Column("places", "residents", "int32", "agent", "agents who live there", (0, None)),
    Column("places", "eligible", "int32", "agent", "residents whose position and group let them take part", (0, None)),
    Column("places", "active", "int32", "agent", "residents in struggle", (0, None)),
    Column("places", "participants", "int32", "agent", "residents in measures", (0, None)),
    Column("places", "held", "int32", "agent", "residents held by the State", (0, None)),
    Column("places", "force", "float32", "agent", "State force present", (0, None)),
    Column("places", "coercion", "float32", "share", "coercion as lived there", (0, 1)),
    Column("places", "horizon", "float32", "share", "mean horizon of residents", (0, 1)),
    Column("places", "shock", "float32", "pressure", "pressure from the scenario's shocks"),
)
