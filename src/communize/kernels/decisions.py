"""Decision numbers: the third counter word of every draw of the model.

Numbers are only ever appended, never reused, so that saved results can be reproduced. A user's mechanism
draws with ``2**31 + hash("module:Class")``, which no number here can reach.
"""

import hashlib

# society
POSITION = 2
GROUP = 3
NEIGHBOURHOOD_SIZE = 4
SITE_SIZE = 5
SECTOR_OF_WORKER = 6
COMMUTES = 7
WORK_PLACE = 8
WORK_SHUFFLE = 9
NERVE_OF_PLACE = 10
NERVE_OF_SITE = 11
NERVE_OF_PERSON = 12
BELONGING_AT_START = 13
UNMET_AT_START = 14
TIE_DEGREE = 15
TIE_CLIQUE = 16
TIE_LEVEL = 17
TIE_SHUFFLE = 18
TIE_MEETING_PLACE = 19
SYNTHETIC_PLACE = 20
COUNT_ROUNDING = 21

# a day
INCIDENT = 40
INCIDENT_SIZE = 41
JOIN = 42
LEAVE = 43
ATTRIBUTION = 44
ATTRIBUTION_LINK = 45
ACT = 46
CONCESSION = 47
REFUSAL = 48
ARREST = 49
RELEASE = 50
MEASURE_CANDIDATES = 51
MEASURE_CANDIDATE = 52
MEASURE_TIE = 53
MEASURE_FOUNDERS = 54
PRACTICE_NEEDS = 55
PRACTICE_CONTENT = 56
PRACTICE_FORM = 57
CRITICAL_MASS = 58
LINK = 59
RALLY = 60
RALLY_TARGET = 61
RALLY_SITE = 62
LEAVE_MEASURE = 63
ENDING = 64
SEED_SITE = 65
REPLACEMENT = 66
MOVE = 67
SEED_PERSON = 68
FOR_GOOD = 69
TIE_REWIRING = 70

# civil violence on a lattice
CIVIL_ORDER = 80
CIVIL_CELL = 81
CIVIL_HARDSHIP = 82
CIVIL_RISK_AVERSION = 83
CIVIL_MOVE = 84
CIVIL_SUSPECT = 85
CIVIL_SENTENCE = 86
CIVIL_RELEASE = 87

# what opposes measures
OFFER = 90
RECRUIT = 91
SAMPLE = 92

# the economy
ECONOMY_STEP = 100
ECONOMY_SALES = 101
ECONOMY_HIRE = 102
ECONOMY_PAY = 103
ECONOMY_SEEK = 104
ECONOMY_DUE = 105
ECONOMY_START = 106
ECONOMY_CONTRACT = 107
ECONOMY_TRADE = 108
ECONOMY_DEBT = 109

USER = 1 << 31


def user_decision(name: str) -> int:
    """Decision number of the user's mechanism called ``module:Class``."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return USER + (int.from_bytes(digest, "little") & (USER - 1))
