"""The day, in one list: every phase, and the mechanisms at work in it, in their order.

Each phase reads the state that the phase before left. A user's mechanism is added at the end of its phase.
"""

from communize.mechanisms.base import PHASES, Mechanism
from communize.mechanisms.belonging import Belonging
from communize.mechanisms.civil_violence import CivilViolence
from communize.mechanisms.economy import Economy
from communize.mechanisms.force import Force
from communize.mechanisms.measures.character import Character
from communize.mechanisms.measures.contents import Contents
from communize.mechanisms.measures.dissolution import Dissolution
from communize.mechanisms.measures.founding import Measures
from communize.mechanisms.measures.generalisation import Generalisation
from communize.mechanisms.measures.horizon import Horizon
from communize.mechanisms.measures.neutral import Neutral
from communize.mechanisms.measures.rallying import Rallying
from communize.mechanisms.measures.rupture import Rupture
from communize.mechanisms.opponents.fronts import Fronts
from communize.mechanisms.opponents.mediation import Mediation
from communize.mechanisms.opponents.pincers import Pincers
from communize.mechanisms.opponents.segmentation import Segmentation
from communize.mechanisms.opponents.siding import Siding
from communize.mechanisms.opponents.upkeep import Upkeep
from communize.mechanisms.provisioning import Provisioning
from communize.mechanisms.reckoning import Reckoning
from communize.mechanisms.struggle.acts import Acts
from communize.mechanisms.struggle.incidents import Incidents
from communize.mechanisms.struggle.participation import Struggle
from communize.mechanisms.struggle.shocks import Shocks

DAY: tuple[tuple[str, tuple[type[Mechanism], ...]], ...] = (
    ("economy", (Economy,)),
    ("provisioning", (Provisioning,)),
    ("counter_forces", (Upkeep, Force, Siding, Mediation, Pincers, Fronts, Segmentation)),
    ("struggle", (Shocks, Incidents, Struggle, Acts, CivilViolence)),
    ("measures", (Measures, Rallying, Dissolution, Contents, Horizon, Neutral)),
    ("reckoning", (Belonging, Generalisation, Character, Rupture, Reckoning)),
)

MECHANISMS: tuple[type[Mechanism], ...] = tuple(mechanism for _, members in DAY for mechanism in members)

assert tuple(phase for phase, _ in DAY) == PHASES


def in_order(mechanisms: list[Mechanism]) -> list[Mechanism]:
    """Sort mechanisms into the order of the day; users' mechanisms come last in their phase."""
    place = {mechanism: number for number, mechanism in enumerate(MECHANISMS)}
    return sorted(mechanisms, key=lambda m: (PHASES.index(m.phase), place.get(type(m), len(place))))
