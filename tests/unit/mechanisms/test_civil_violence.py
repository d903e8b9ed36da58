"""Civil violence on a lattice: what is seen from a cell, the scalar rules, a day against a plain-Python twin, and errors."""

import math
from itertools import product

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import HELD, IN_STRUGGLE, ROUTINE
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.mechanisms import civil_violence as module
from communize.scenario.check import check_scenario

LATTICES = [(40, 40, 7.0), (40, 40, 1.7), (5, 9, 2.0), (5, 4, 2.5), (3, 3, 7.0), (1, 6, 2.0), (7, 7, 3.0), (8, 8, 4.0), (6, 6, 0.0)]


def scenario(people=30, cops=0.2, days=20, **parameters):
    """Civil violence alone."""
    share = {"stable": {"share": 1 - cops}, "state_force": {"share": cops}}
    others = ("precarious", "unemployed", "excluded", "student", "farmer", "manager", "owner")
    return cz.Scenario({
        "scenario": {"name": "lattice", "days": days, "only": ["civil_violence"]},
        "society": {
            "people": people, "places": {"count": 1}, "ties": {"degree_distribution": "none"},
            "positions": {**share, **{name: {"share": 0.0} for name in others}},
        },
        "civil_violence": parameters, "reckoning": {"recount_days": 1},
    })  # fmt: skip


# --- what is seen ---


def seen_from(at, width, height, vision, neighbourhood):
    """The cells in vision of `at`, the own one included: the distance is the shortest on the torus."""
    cells = set()
    for x, y in product(range(width), range(height)):
        dx, dy = abs(x - at % width), abs(y - at // width)
        dx, dy = min(dx, width - dx), min(dy, height - dy)
        if dx + dy <= vision if neighbourhood == "von_neumann" else dx * dx + dy * dy <= vision * vision:
            cells.add(y * width + x)
    return cells


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("neighbourhood", ["euclidean", "von_neumann"])
@pytest.mark.parametrize(("width", "height", "vision"), LATTICES)
def test_neighbourhoods_wrap_around_and_hold_each_cell_once(width, height, vision, neighbourhood, own):
    rows = module.vision_rows(height, vision, neighbourhood)
    cells = module.vision_cells(width, rows, own)
    for at in range(0, width * height, 1 if width < 10 else 371):
        expected = seen_from(at, width, height, vision, neighbourhood) - (set() if own else {at})
        listed = [int(module.cell_of(k, at, cells, width, height)) for k in range(cells[0].size)]
        assert len(listed) == len(expected)
        assert set(listed) == expected
        count = np.zeros(width * height, np.int32)
        module.add_around(count, at, 3, (*rows, own), width, height)
        assert set(np.flatnonzero(count)) == expected
        assert count.sum() == 3 * len(expected)


def test_radius_7_of_mesa_and_of_netlogo():
    for neighbourhood, own, number in (("von_neumann", False, 112), ("euclidean", True, 149)):
        assert module.vision_cells(40, module.vision_rows(40, 7.0, neighbourhood), own)[0].size == number


# --- scalar rules ---


def test_the_perceived_risk_rounds_as_python_does():
    for cops, actives in product(range(40), range(1, 40)):
        for code, rounded in ((module.NONE, lambda x: x), (module.FLOOR, math.floor), (module.ROUND, round)):
            expected = 1 - math.exp(-2.3 * rounded(cops / actives))
            assert module.arrest_risk(2.3, cops, actives, code) == pytest.approx(expected, abs=1e-15)


def test_the_perceived_risk_of_one_cop_for_one_active():
    for code in range(3):
        assert module.arrest_risk(2.3, 5, 5, code) == pytest.approx(0.899741, abs=5e-7)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 17, 400])
def test_the_shuffle_is_a_permutation(n):
    out = np.empty(n, np.int32)
    module.shuffle(out, np.uint64(5), 3, decisions.CIVIL_ORDER)
    assert sorted(out) == list(range(n))


def test_the_shuffle_favours_no_place():
    at = np.zeros((7, 7))
    out = np.empty(7, np.int32)
    for day in range(7000):
        module.shuffle(out, np.uint64(1), day, decisions.CIVIL_ORDER)
        at[np.arange(7), out] += 1
    assert np.abs(at - 1000).max() < 5 * math.sqrt(1000 * 6 / 7)


def test_free_cells_are_drawn_uniformly_by_either_way():
    """With two free cells in 149 most draws end in the count of the free ones; with half of them free none does."""
    cells = module.vision_cells(40, module.vision_rows(40, 7.0, "euclidean"), True)
    for free in (np.array([1, 40]), np.array(sorted(seen_from(0, 40, 40, 7.0, "euclidean")))[::2]):
        occupant = np.zeros(1600, np.int32)
        occupant[free] = -1
        found = [module.free_cell_near(occupant, 0, cells, 40, 40, np.uint64(2), person, 0) for person in range(4000)]
        number = np.bincount(found, minlength=1600)[free]
        assert number.sum() == 4000
        assert np.abs(number - 4000 / free.size).max() < 5 * math.sqrt(4000 / free.size)
        found = [module.free_cell_anywhere(occupant, np.uint64(2), person, 0) for person in range(4000)]
        assert np.abs(np.bincount(found, minlength=1600)[free] - 4000 / free.size).max() < 5 * math.sqrt(4000 / free.size)
    full = np.zeros(1600, np.int32)
    assert module.free_cell_near(full, 0, cells, 40, 40, np.uint64(2), 0, 0) == -1
    assert module.free_cell_anywhere(full, np.uint64(2), 0, 0) == -1


# --- a day against a twin ---


class Twin:
    """The same days in plain Python: people look at every cell in vision anew at each turn, and count what they see."""

    def __init__(self, simulation):
        self.p, self.key = simulation.scenario.tables.civil_violence, np.uint64(simulation.seed)
        state = simulation.state
        self.cop = (state.people.position == module.STATE_FORCE).tolist()
        self.state = state.people.activity.tolist()
        self.cell, self.sentence = state.lattice.cell.tolist(), state.lattice.sentence.tolist()
        self.hardship, self.aversion = state.lattice.hardship.tolist(), state.lattice.risk_aversion.tolist()
        self.n = len(self.cell)

    def vision(self, at):
        """Cells in vision row by row from the own one up, each row from left to right (a whole row from the own column)."""
        p, cells = self.p, []
        for up in range(p.height):
            away = min(up, p.height - up)
            if away <= p.vision:
                side = p.vision - away if p.neighbourhood == "von_neumann" else math.sqrt(p.vision**2 - away**2)
                whole = 2 * math.floor(side) + 1 >= p.width
                for step in range(p.width) if whole else range(-math.floor(side), math.floor(side) + 1):
                    if p.variant == "netlogo" or step or up:
                        cells.append((at // p.width + up) % p.height * p.width + (at % p.width + step) % p.width)
        return cells

    def standing(self, cell):
        """Who stands there and is in the way."""
        for i in range(self.n):
            if self.cell[i] == cell and (self.state[i] != HELD or self.p.variant == "mesa"):
                return i
        return -1

    def pick(self, candidates, person, day, decision):
        """One of the cells without anybody: up to 16 draws among all, then one among the free."""
        for attempt in range(4 if candidates else 0):
            for word in d.own_block(self.key, person, day, decision, attempt):
                cell = candidates[(int(word) * len(candidates)) >> 32]
                if self.standing(cell) < 0:
                    return cell
        free = [cell for cell in candidates if self.standing(cell) < 0]
        return free[d.below(self.key, person, day, decision, 4, len(free))] if free else -1

    def move(self, i, day):
        if self.p.movement or (self.p.variant == "netlogo" and self.cop[i]):
            to = self.pick(self.vision(self.cell[i]), i, day, decisions.CIVIL_MOVE)
            self.cell[i] = self.cell[i] if to < 0 else to

    def act(self, i, day):
        seen = [self.standing(cell) for cell in self.vision(self.cell[i])]
        active = [j for j in seen if j >= 0 and self.state[j] == IN_STRUGGLE]
        if not self.cop[i]:
            ratio = sum(self.cop[j] for j in seen if j >= 0) / (1 + len(active))
            ratio = {"none": lambda x: x, "floor": math.floor, "round": round}[self.p.rounding](ratio)
            risk = 1 - math.exp(-self.p.arrest_constant * ratio)
            grievance = self.hardship[i] * (1 - self.p.legitimacy)
            self.state[i] = IN_STRUGGLE if grievance - self.aversion[i] * risk > self.p.threshold else ROUTINE
        elif active:
            j = active[d.below(self.key, i, day, decisions.CIVIL_SUSPECT, 0, len(active))]
            terms = self.p.jail_days + (self.p.variant == "mesa")
            self.sentence[j], self.state[j] = int(d.below(self.key, i, day, decisions.CIVIL_SENTENCE, 0, terms)), HELD
            if self.p.variant == "netlogo":
                self.cell[i] = self.cell[j]
                if self.sentence[j] == 0:
                    self.let_go(j, day)

    def let_go(self, i, day):
        if self.standing(self.cell[i]) >= 0:
            self.cell[i] = self.pick(list(range(self.p.width * self.p.height)), i, day, decisions.CIVIL_RELEASE)
        self.state[i] = ROUTINE

    def day(self, day):
        order = list(range(self.n))
        for i in range(self.n - 1, 0, -1):
            j = d.below(self.key, i, day, decisions.CIVIL_ORDER, 0, i + 1)
            order[i], order[j] = order[j], order[i]
        for i in order:
            if self.p.variant == "netlogo":
                if self.state[i] != HELD:
                    self.move(i, day)
                    self.act(i, day)
            elif self.sentence[i] > 0:
                self.sentence[i] -= 1
            else:
                self.act(i, day)
                self.move(i, day)
        if self.p.variant == "netlogo":
            for i in range(self.n):
                if self.state[i] == HELD:
                    self.sentence[i] -= 1
                    if self.sentence[i] == 0:
                        self.let_go(i, day)


TWINS = [
    {"variant": "netlogo", "neighbourhood": "euclidean", "rounding": "floor"},
    {"variant": "netlogo", "neighbourhood": "euclidean", "rounding": "none", "width": 5, "height": 11, "vision": 2.5},
    {"variant": "netlogo", "neighbourhood": "von_neumann", "rounding": "round", "movement": False},
    {"variant": "netlogo", "neighbourhood": "euclidean", "rounding": "floor", "jail_days": 1, "width": 5, "height": 6},
    {"variant": "mesa", "neighbourhood": "von_neumann", "rounding": "round"},
    {"variant": "mesa", "neighbourhood": "von_neumann", "rounding": "floor", "width": 11, "height": 4, "vision": 3.0},
    {"variant": "mesa", "neighbourhood": "euclidean", "rounding": "none", "movement": False},
    {"variant": "mesa", "neighbourhood": "von_neumann", "rounding": "round", "jail_days": 0, "vision": 0.0},
]


@pytest.mark.parametrize("parameters", TWINS)
def test_days_agree_with_a_plain_twin(parameters):
    values = {"width": 6, "height": 7, "vision": 2.0, "legitimacy": 0.3, "jail_days": 4, **parameters}
    for seed in (1, 2):
        simulation = cz.Simulation(scenario(30, 0.15, **values), seed, threads=1, audit=True)
        twin, states = Twin(simulation), []
        for day in range(12):
            simulation.step()
            twin.day(day)
            assert simulation.people.activity.tolist() == twin.state
            assert simulation.state.lattice.cell.tolist() == twin.cell
            assert simulation.state.lattice.sentence.tolist() == twin.sentence
            states += twin.state
        assert IN_STRUGGLE in states
        assert HELD in states or values["jail_days"] < 2 or values["vision"] == 0.0


# --- where people stand, and counts ---


@pytest.mark.parametrize("variant", ["netlogo", "mesa"])
def test_at_most_one_person_who_is_not_held_stands_on_a_cell(variant):
    simulation = cz.Simulation(scenario(380, 0.06, variant=variant, width=20, height=20, vision=4.0, legitimacy=0.5), 1, threads=1)
    for _ in range(60):
        simulation.step()
        lattice, held = simulation.state.lattice, simulation.people.activity == HELD
        cells = lattice.cell if variant == "mesa" else lattice.cell[~held]
        assert np.unique(cells).size == cells.size
        assert lattice.cell.min() >= 0
        assert lattice.cell.max() < 400
        if variant == "netlogo":
            assert np.array_equal(held, lattice.sentence > 0)
    assert held.sum() > 20
    series = simulation.series
    assert series.arrests.values.sum() - series.releases.values.sum() == held.sum()
    assert series.held.values[-1].sum() == held.sum()


def test_a_full_lattice_stands_still():
    simulation = cz.Simulation(scenario(36, 0.0, width=6, height=6), 1, threads=1)
    before = simulation.state.lattice.cell.copy()
    simulation.run(3)
    assert np.array_equal(simulation.state.lattice.cell, before)


def test_people_at_work_count_at_their_site_of_work_too():
    given = scenario(300, 0.05, width=20, height=20, legitimacy=0.2)
    simulation = cz.Simulation(given, 1, threads=1).run(5)
    works, active = simulation.people.work, simulation.people.activity == IN_STRUGGLE
    assert active.any()
    found = np.bincount(works[active & (works >= 0)], minlength=len(simulation.sites))
    found += np.bincount(simulation.people.home[active], minlength=len(simulation.sites))
    assert np.array_equal(found, simulation.sites.active)


def test_switched_off_it_holds_nothing_and_can_be_switched_on_in_a_branch():
    without = cz.Simulation(scenario(30, 0.2).replace({"scenario.only": ["belonging"]}), 1, threads=1).run(2)
    assert len(without.state.lattice) == 0
    late = without.branch({"scenario.only": ["civil_violence"]})
    at_once = cz.Simulation(scenario(30, 0.2), 1, threads=1)
    for column in ("cell", "hardship", "risk_aversion"):
        assert np.array_equal(getattr(late.state.lattice, column), getattr(at_once.state.lattice, column))
    assert len(late.run(2).state.lattice) == 30


@pytest.mark.parametrize("variant", ["netlogo", "mesa"])
def test_a_branch_goes_on_where_people_stand(variant):
    simulation = cz.Simulation(scenario(variant=variant, legitimacy=0.5), 1, threads=1).run(5)
    branch, other = simulation.branch(), simulation.branch({"civil_violence.legitimacy": 0.2})
    assert simulation.run(6).state_hash() == branch.run(6).state_hash() != other.run(6).state_hash()


def test_the_number_of_cops_is_noted():
    simulation = cz.Simulation(scenario(1184, 0.054), 1, threads=1)
    cops = int((simulation.people.position == module.STATE_FORCE).sum())
    assert simulation.notes() == [f"{cops} cops and {1184 - cops:,} citizens stand on a lattice of 40 by 40 cells"]


# --- size of the lattice, errors ---


@pytest.mark.parametrize(
    ("people", "given", "size"),
    [(1184, {}, (40, 40)), (1185, {}, (41, 41)), (100, {"density": 1.0}, (10, 10)), (101, {"density": 1.0}, (11, 11)),
     (1, {"density": 1.0}, (1, 1)), (74, {"width": 5}, (5, 20)), (75, {"height": 5}, (21, 5)), (20, {"width": 5, "height": 4}, (5, 4))],
)  # fmt: skip
def test_the_size_of_the_lattice(people, given, size):
    simulation = cz.Simulation(scenario(people, 0.0, **given), 1, threads=1).run(1)
    assert simulation.notes()[-1].endswith(f" on a lattice of {size[0]} by {size[1]} cells")


def test_more_people_than_cells():
    for make in (cz.Simulation, check_scenario):
        with pytest.raises(cz.InputError) as caught:
            make(scenario(37, width=6, height=6))
        assert caught.value.path == "society.people"
        assert caught.value.found == 37
        assert "36" in caught.value.allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", -1), ("height", -1), ("width", 10_001), ("density", 0.0), ("density", 1.1), ("vision", -1.0), ("legitimacy", 1.1),
     ("jail_days", -1), ("fixed_risk", 1.5), ("rounding", "ceiling"), ("variant", "netlog"), ("neighbourhood", "moore"), ("police", 3)],
)  # fmt: skip
def test_values_that_are_not_allowed(name, value):
    with pytest.raises(cz.InputError) as caught:
        scenario(**{name: value})
    assert caught.value.path == f"civil_violence.{name}"


def test_a_branch_cannot_shrink_the_lattice():
    simulation = cz.Simulation(scenario(30, width=20, height=20), 1, threads=1).run(1)
    with pytest.raises(cz.InputError, match="settled when a run starts"):
        simulation.branch({"civil_violence.width": 6, "civil_violence.height": 6})
