"""Parameters of founding: the sub-tables of `[measures]`."""

import numpy as np
from pydantic import ValidationInfo, field_validator

from communize.declare.errors import WrongEntry, nearest_name
from communize.declare.parameters import Parameters, parameter
from communize.declare.registry import FORMS, MAX_NEEDS
from communize.mechanisms.measures.practice import Practice


class Reinvention(Parameters):
    """The same problem leads elsewhere to the same answer, independently: a new origin."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the channel is open")
    rate: float = parameter(0.015, unit="1/day", range=(0, 1000), plausible=(0.005, 0.04), meaning="hazard of a site whose needs are all open (nu)")
    breadth: int = parameter(3, unit="need", range=(1, MAX_NEEDS), plausible=(1, 3), meaning="most needs of a new practice; how many is drawn uniformly")
    content: dict[str, float] = parameter({}, unit="1", plausible=(-1, 1), meaning="mean of a new practice's contents by relation, where it is not content_mean")
    content_mean: float = parameter(0.2, unit="1", range=(-1, 1), plausible=(-0.2, 0.5), meaning="mean of a new practice's contents")
    content_sd: float = parameter(0.4, unit="1", range=(0, 2), plausible=(0.1, 0.6), meaning="standard deviation of a new practice's contents")

    @field_validator("content")
    @classmethod
    def _contents(cls, content: dict[str, float]) -> dict[str, float]:
        return Practice._known_relations(content)


class Adoption(Parameters):
    """A contested site takes up a practice that it sees elsewhere."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the channel is open")
    rate: float = parameter(0.8, unit="1/day", range=(0, 10_000), plausible=(0.2, 4), meaning="highest hazard (alpha)")
    exponent: float = parameter(1.5, unit="1", range=(0.1, 500), plausible=(1, 2.5), meaning="exponent of the Hill function of exposure: 1 simple, above 1 complex contagion")
    half_exposure: float = parameter(1.0, unit="instance", range=(1e-6, 1e9), plausible=(0.3, 3), meaning="exposure at which it is half (E0)")
    with_fit: bool = parameter(True, unit="yes/no", source="definition", meaning="whether fit to the site's needs counts")
    division: float = parameter(1.0, unit="1", range=(0, 1), plausible=(0, 1), meaning="how far labour divides among the needs of a practice: fit is divided by their number to this power; 0: breadth is free")


class Adaptation(Parameters):
    """An adoption that changes what is taken up."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the channel is open")
    share: float = parameter(0.35, unit="share", range=(0, 1), plausible=(0, 0.9), meaning="adoptions that change (p_adapt)")
    content_sd: float = parameter(0.15, unit="1", range=(0, 2), plausible=(0.05, 0.4), meaning="standard deviation of the change of each content")


class Grafting(Parameters):
    """A practice seen elsewhere, installed in a solidarity that already existed, whatever its fit and the number of examples."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the channel is open")
    rate: float = parameter(0.01, unit="1/day", range=(0, 1000), plausible=(0, 0.04), meaning="hazard of a site all of whose members' ties are within it")


class Broadcast(Parameters):
    """Prescription from one centre, as an experiment: every contested site is told one practice."""

    enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether there is such a centre")
    rate: float = parameter(0.05, unit="1/day", range=(0, 1000), plausible=(0, 0.5), meaning="hazard of taking up what is prescribed")
    practice: Practice = parameter(Practice(needs=["food"]), unit="table", meaning="what is prescribed; food alone, with contents 0, if left out")


class Exposure(Parameters):
    """What counts as seeing an instance."""

    place: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of instances in the same place")
    contact: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of instances in contact places")
    links: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of instances in linked places")
    ties: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of the share of ties in measures")
    memory: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of the instance that the place remembers, before it fades")
    memory_contact: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 2), meaning="weight of those that contact places remember")
    resonance_scale: float = parameter(2.0, unit="instance", range=(1e-6, 1e6), plausible=(1, 5), meaning="exposure of an instance to others at which its resonance is 1 - 1/e (r0)")
    memory_half_life_days: float = parameter(120.0, unit="day", range=(0.001, 100_000), plausible=(1, 2000), meaning="half-life of memory")

    @property
    def weights(self) -> np.ndarray:
        return np.array([self.place, self.contact, self.links, self.ties, self.memory, self.memory_contact])


class Coordination(Parameters):
    """Larger scales that co-operation opens."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether larger scales open")
    instances: int = parameter(3, unit="instance", range=(1, 1_000_000), plausible=(2, 6), meaning="instances that make co-ordination of a place possible")
    rate_link: float = parameter(0.03, unit="1/day", range=(0, 1000), plausible=(0.005, 0.2), meaning="hazard of a link between two contact places that co-ordinate")


class Form(Parameters):
    """Forms of decision: they affect size and delay only."""

    share: dict[str, float] = parameter({"assembly": 0.4, "diffuse": 0.3, "spontaneous": 0.3}, unit="share", plausible=(0, 1), meaning="shares of the forms among new practices")
    delay_days: dict[str, int] = parameter({"assembly": 2, "diffuse": 1, "spontaneous": 0}, unit="day", plausible=(0, 7), meaning="days between decision and beginning")
    size: dict[str, float] = parameter({"assembly": 1.0, "diffuse": 0.6, "spontaneous": 0.8}, unit="share", plausible=(0.2, 1), meaning="probability that a member in struggle takes part at once")

    @field_validator("share", "delay_days", "size")
    @classmethod
    def _each_form(cls, values: dict) -> dict:
        for name, value in values.items():
            if name not in FORMS:
                raise WrongEntry(name, value, f"forms: {', '.join(FORMS)}", nearest_name(name, FORMS))
            if value < 0:
                raise WrongEntry(name, value, "0 or more")
        missing = [name for name in FORMS if name not in values]
        if missing:
            raise WrongEntry(missing[0], "nothing", f"a number for each of {', '.join(FORMS)}")
        return values

    @field_validator("share")
    @classmethod
    def _whole(cls, share: dict[str, float]) -> dict[str, float]:
        if abs(sum(share.values()) - 1) > 1e-6:
            raise ValueError(f"shares that add up to 1 (they add up to {sum(share.values()):g})")
        return share

    @field_validator("delay_days", "size")
    @classmethod
    def _within_reason(cls, values: dict, info: ValidationInfo) -> dict:
        highest, allowed = {"delay_days": (100_000, "0 to 100,000 (day)"), "size": (1, "0 to 1")}[str(info.field_name)]
        for name, value in values.items():
            if value > highest:
                raise WrongEntry(name, value, allowed)
        return values
