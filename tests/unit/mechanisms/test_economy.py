"""The economy through the public run: months, contested and taken sites, the State, closures and foundings, and what struggles win."""

import numpy as np
import pytest
from economies import check_firms
from economy_labs import (
    FARMER,
    OWNER,
    PRECARIOUS,
    SECTORS,
    STABLE,
    UNEMPLOYED,
    at_work,
    firm,
    lab,
    month,
    month_with,
    paid_by,
)
from invariants import coins_of
from measure_labs import contest, put, take
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import COMMODITY, CONTESTED, IN_STRUGGLE, POSITIONS, TAKEN
from communize.mechanisms.conditions import MOST_PAY
from communize.mechanisms.economy import plants
from communize.mechanisms.invariants import Invariants
from communize.scenario.check import check_scenario
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.ties import TieParameters

RICH = 10**6


# --- contested and taken sites ---


def test_contested_sites_earn_and_pay_nothing():
    sim = lab([firm(stable=9)] * 20, money=1_000)
    month_with(sim, CONTESTED, np.arange(10))
    assert not sim.sites.stopped.any()  # the next month begins
    assert not sim.sites.revenue[:10].any()
    assert not sim.sites.payroll[:10].any()
    assert not sim.people.income[sim.people.work < 10].any()
    assert (sim.sites.revenue[10:20] > 0).sum() >= 9
    assert (sim.sites.payroll[10:20] > 0).sum() >= 5


@pytest.mark.parametrize("days", [6, 15, 27])
def test_contested_sites_earn_and_pay_in_proportion_to_the_days_that_they_were_not_stopped(days):
    """Contested on the first days or on single ones, it is the same: a month later, sites that stopped are set beside the others."""
    sim = lab([firm(stable=9)] * 200, money=10_000, seed=4)
    month_with(sim, CONTESTED, np.arange(100), days)
    for column in (sim.sites.revenue, sim.sites.payroll):
        ratio = column[:100].mean() / column[100:200].mean()
        assert ratio == pytest.approx(1 - days / 30, rel=0.15)


def test_a_lone_farmer_earns_nothing_while_the_farm_is_contested():
    sim = lab([firm(stable=9)] * 5 + [("land", ["farmer", "farmer"])] * 20, money=1_000, budget={"live": 0.5, "land": 0.5}, seed=2)
    month_with(sim, CONTESTED, np.arange(5, 15))
    income = [sim.people.income[at_work(sim, farm)].sum() for farm in range(5, 25)]
    assert not any(income[:10])
    assert sum(value > 0 for value in income[10:]) >= 8
    assert (sim.people.position[sim.people.work >= 5] == FARMER).all()


def test_taken_sites_leave_the_market_with_their_workers_and_come_back():
    sim = lab([firm(stable=9, precarious=3)] * 6, ["unemployed"] * 5, money=2_000)
    month(sim)
    staff, owner, position, first = at_work(sim, 0), int(sim.sites.owner[0]), sim.people.position.copy(), float(sim.sites.revenue[0])
    assert owner in staff
    take(sim, [0], needs=("live",))
    sim.people.money[[owner, 77]] = 0, sim.people.money[[owner, 77]].sum()  # nobody there could be kept
    for _ in range(3):
        held = sim.people.money[staff].copy()
        month(sim)
        assert at_work(sim, 0).tolist() == staff.tolist()
        np.testing.assert_array_equal(sim.people.position[staff], position[staff])
        assert not sim.people.income[staff].any()
        assert (sim.people.money[staff] <= held).all()  # they spend what they have
        assert sim.sites.owner[0] == owner
    revenue = float(sim.sites.revenue[0])
    assert 0 < revenue < 0.8 * first  # a mean of about a year, which fades
    sim.instances.ended[sim.sites.instance[0]] = sim.day
    sim.sites.mode[0], sim.sites.instance[0], sim.sites.began[0] = COMMODITY, -1, sim.day
    sim.people.money[[owner, 77]] = sim.people.money[[owner, 77]].sum() - 9, 9
    month(sim)
    assert sim.people.income[staff].any()
    assert len(set(at_work(sim, 0)) & set(staff.tolist())) > 4


def test_nobody_from_outside_is_hired_at_a_taken_site():
    sim = lab([firm(stable=9)] * 2, ["unemployed"] * 200, money=RICH)
    take(sim, [0], needs=("live",))
    before = at_work(sim, 0)
    month(sim, 3)
    assert at_work(sim, 0).tolist() == before.tolist()
    assert at_work(sim, 1).size > 10


# --- the State ---

PUBLIC = ("public", ["stable"] * 20 + ["precarious"] * 20 + ["manager"] * 20)
OTHERS = ["unemployed"] * 10 + ["excluded"] * 10 + ["student"] * 10 + ["state_force"] * 10
DUES = {"stable": 50, "precarious": 40, "manager": 90, "unemployed": 25, "excluded": 20, "student": 15, "state_force": 60}
STATE = {"tax": 0.4, "unemployed": 0.5, "excluded": 0.4, "student": 0.3, "force_wage": 1.2}


def country(**options):
    """Firms, a public site, and people on benefits; the treasury holds as much as is owed in a month."""
    state = {**STATE, **options.pop("state", {})}
    economy = {"equal_start": False, **options.pop("economy", {})}
    return lab([PUBLIC] + [firm(stable=9)] * 10, OTHERS, state=state, economy=economy, money=1_000, **options)


def incomes(sim):
    """Mean income of those whom the State pays, by position."""
    people = sim.people
    public = (people.work == 0) | (people.work < 0)
    return {name: float(people.income[public & (people.position == POSITIONS.index(name))].mean()) for name in DUES}


def test_the_state_pays_public_workers_force_and_benefits():
    sim = month(country())
    found = incomes(sim)
    unemployed = found.pop("unemployed")  # some of whom were hired, or employed before
    assert found == {name: due for name, due in DUES.items() if name != "unemployed"}
    assert unemployed >= 10
    assert paid_by(sim, "due")[0] == paid_by(sim, "paid")[0] > 0
    assert sim.sites.owner[0] == -1  # nobody owns it, and it has no revenue
    assert sim.sites.revenue[0] == sim.sites.payroll[0] == 0


def test_without_a_state_nobody_is_paid_but_by_firms():
    sim = month(country(state={"enabled": False}))
    assert not any(value for name, value in incomes(sim).items() if name != "unemployed")
    assert sim.state.economy.treasury[0] == 0
    assert np.isnan(sim.series.tax_surplus.values[-1])


def test_a_state_that_is_switched_off_in_a_branch_owes_nothing_and_keeps_its_money():
    sim = month(country()).branch({"economy.state.enabled": False})
    held = int(sim.state.economy.treasury[0])
    assert held > 0
    month(sim)
    assert [paid_by(sim, name)[-1] for name in ("due", "paid", "taxes", "purchases", "treasury")] == [0, 0, 0, 0, held]


@pytest.mark.parametrize("part", [0.25, 0.5])
def test_where_the_treasury_does_not_suffice_all_get_the_same_part(part):
    sim = country(state={"reserve": part})
    held = int(sim.state.economy.treasury[0])
    month(sim)
    due, paid = paid_by(sim, "due")[0], paid_by(sim, "paid")[0]
    assert held == int(part * due)
    assert held - sim.state.economy.due[0] < 0
    assert held - len(sim.people) < paid <= held  # a part of a coin is not paid
    found = incomes(sim)
    found.pop("unemployed")
    assert found == {name: int(due * (held / sim.state.economy.due[0])) for name, due in DUES.items() if name != "unemployed"}


def test_taxes_go_to_the_treasury_and_what_is_over_is_spent():
    sim = country(state={"tax": 0.9, "reserve": 0.5})
    for _ in range(5):
        held = int(sim.state.economy.treasury[0])
        month(sim)
        economy = sim.state.economy
        spare = max(0, held - int(economy.paid[0]) - int(economy.due[0] * 0.5))
        assert economy.purchases[0] == spare
        assert economy.treasury[0] == held - economy.paid[0] - spare + economy.taxes[0]
        assert economy.tax_surplus[0] == pytest.approx((economy.taxes[0] - economy.due[0]) / economy.due[0])
    assert paid_by(sim, "purchases")[1:].min() > 0


def test_a_public_site_that_was_contested_pays_for_the_days_that_it_worked():
    sim = month_with(country(), CONTESTED, [0], 15)
    found = incomes(sim)
    assert {name: found[name] for name in ("stable", "precarious", "manager", "student")} == {"stable": 25, "precarious": 20, "manager": 45, "student": 15}


def test_a_public_site_that_is_taken_pays_nobody():
    sim = country()
    take(sim, [0], needs=("live",))
    month(sim)
    assert not sim.people.income[sim.people.work == 0].any()


# --- closures, notice, foundings ---


def closures(n_firms=30, staff=6, **options):
    """Firms whose goods nobody buys and whose owners have no money; the others are rich. About two of three end in a month."""
    plants = [firm("dead", stable=staff)] * n_firms + [firm(stable=5)] * 4
    money = np.concatenate([np.tile([0] + [50] * staff, n_firms), np.full(24, 10_000)])
    return lab(plants, money=money, **options)


def closed(sim, n_firms=30):
    return np.flatnonzero(sim.sites.owner[:n_firms] < 0)


def test_a_firm_without_money_dismisses_all_and_ends():
    sim = closures()
    owners, staff = sim.sites.owner.copy(), [at_work(sim, site) for site in range(30)]
    month(sim)
    gone = closed(sim)
    assert 10 < gone.size < 28
    assert paid_by(sim, "demises")[0] == gone.size
    for site in gone:
        owner = owners[site]
        assert sim.people.position[owner] == UNEMPLOYED or sim.people.work[owner] >= 0
        assert sim.people.work[owner] != site
        workers = np.setdiff1d(staff[site], owner)
        left = workers[sim.people.position[workers] == UNEMPLOYED]
        assert (sim.people.work[left] == site).all()  # for their notice
        assert sim.sites.members[site] == left.size > 0
        assert sim.sites.incident[site] == pytest.approx(6 / 7)
        assert sim.sites.exploitation[site] == sim.sites.payroll[site] == 0
    stays = np.setdiff1d(np.arange(30), gone)
    assert (sim.sites.owner[stays] == owners[stays]).all()
    assert not sim.sites.incident[stays].any()
    assert paid_by(sim, "events")[0] == gone.size
    assert paid_by(sim, "dismissed")[0] >= 6 * gone.size
    check_firms(sim)


def test_the_dismissed_leave_after_a_month_but_stay_where_it_is_contested():
    sim = month(closures())
    gone = closed(sim)
    fought, quiet = gone[::2], gone[1::2]
    there = {site: at_work(sim, site) for site in gone}
    month_with(sim, CONTESTED, fought)
    for site in quiet:
        assert not at_work(sim, site).size
    kept = [there[site][sim.people.position[there[site]] == UNEMPLOYED].tolist() for site in fought]  # who has found no other work
    assert [at_work(sim, site).tolist() for site in fought] == kept
    assert sum(map(len, kept)) > 10
    month_with(sim, COMMODITY, fought)
    for site in fought:
        assert not np.intersect1d(at_work(sim, site), there[site]).size


def test_without_notice_the_dismissed_leave_at_once_and_nothing_happens_at_the_site():
    sim = month(closures(dismissals={"enabled": False}))
    gone = closed(sim)
    assert gone.size > 10
    assert not np.isin(sim.people.work, gone).any()
    assert not sim.sites.incident.any()
    assert paid_by(sim, "events")[0] == 0
    # the same firms end for the same people, and only what comes after differs
    twin = month(closures())
    np.testing.assert_array_equal(gone, closed(twin))
    np.testing.assert_array_equal(sim.people.position, twin.people.position)
    np.testing.assert_array_equal(sim.people.money, twin.people.money)


@pytest.mark.parametrize(("least_people", "least_share", "pressure", "wanted"), [(7.0, 0.0, 1.0, 0.0), (6.0, 0.85, 2.0, 12 / 7), (6.0, 0.87, 1.0, 0.0), (1.0, 0.0, 0.5, 3 / 7)])
def test_dismissals_of_enough_people_are_an_event(least_people, least_share, pressure, wanted):
    sim = month(closures(dismissals={"least_people": least_people, "least_share": least_share, "pressure": pressure}))
    gone = closed(sim)
    np.testing.assert_allclose(sim.sites.incident[gone], wanted, rtol=1e-6)
    assert paid_by(sim, "events")[0] == (gone.size if wanted else 0)


QUIET = {
    "nerve": 1.5, "temperature": 0.05, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "rate_joining": 5.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0,
    "coupling": 0.0, "weight_need": 0.0, "weight_constraint": 0.0, "contested_people": 2.0, "fatigue_gain": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("pressure", [0.0, 3.0])
def test_a_closure_can_start_a_struggle_in_which_notice_lasts(pressure):
    """Nothing but the closure moves anybody: with its pressure struggles begin at the sites that closed, without it none."""
    sim = closures(dismissals={"pressure": pressure}, on=("incidents", "struggle"), struggle=QUIET, incidents={"rate": 0.0}, scattered=True)
    sim.run(29)
    assert len(sim.struggles) == 0
    sim.run(3)
    gone = closed(sim)
    if not pressure:
        assert len(sim.struggles) == 0
        return
    assert (sim.sites.mode[gone[sim.sites.members[gone] > 2]] == CONTESTED).all()  # at the others nearly all have found other work
    assert set(np.flatnonzero(sim.sites.mode == CONTESTED)) <= set(gone)
    assert (sim.struggles.began == 29).all()  # on the day of the market itself
    fighting = np.flatnonzero(sim.people.activity == IN_STRUGGLE)
    assert (sim.people.position[fighting] == UNEMPLOYED).all()
    fighting = fighting[sim.sites.mode[sim.people.work[fighting]] == CONTESTED]
    there = sim.people.work[fighting].copy()
    assert fighting.size > 40
    sim.run(40)  # past the end of their notice
    assert (sim.people.activity[fighting] == IN_STRUGGLE).all()
    assert (sim.people.work[fighting] == there).all()
    assert (sim.people.position[fighting] == UNEMPLOYED).all()  # who is in struggle seeks no work


def test_an_idle_plant_is_taken_before_a_new_one_is_added():
    """Ten idle plants; seekers found as many firms as they can."""
    sim = lab([firm(stable=5)] + [("live", [])] * 10, ["unemployed"] * 60, money=300, seed=5)
    n = len(sim.sites)
    founded = []
    for _ in range(3):
        month(sim)
        check_firms(sim)
        founded.append(int(paid_by(sim, "founded")[-1]))
        used = sim.sites.owner[1:11] >= 0
        assert len(sim.sites) == n or used.all() or sim.sites.generation[1:11].min() > 0
    first = lab([firm(stable=5)] + [("live", [])] * 10, ["unemployed"] * 60, money=300, seed=5)
    month(first)
    alive = np.flatnonzero((first.sites.owner >= 0) & (np.arange(len(first.sites)) > 0))
    assert alive.size > 10
    assert alive[:10].tolist() == list(range(1, 11))
    assert (first.sites.generation[1:11] == 1).all()
    assert len(first.sites) == n + alive.size - 10
    assert not first.sites.generation[n:].any()
    for site in alive:
        assert first.people.position[first.sites.owner[site]] == OWNER
        assert first.people.work[first.sites.owner[site]] == site
        assert (first.sites.sector[site], first.sites.place[site]) == (0, 0)


def test_a_plant_where_somebody_serves_notice_is_not_taken():
    sim = month(lab([firm(stable=3)] * 10, ["unemployed"] * 100, money=[0, 20, 20, 20] * 10 + [200] * 100, seed=3))
    new = np.arange(11, len(sim.sites))
    assert new.size
    idle = np.flatnonzero(sim.sites.owner[:10] < 0)
    assert idle.size
    assert (sim.sites.members[idle] > 0).all()


# --- what struggles win ---


def settled(plants, idle=(), *, rows=None, scattered=True, cost=0.1, regularised=0.5, **options):
    """A struggle of the people `rows` (all at the first plant if omitted) that is settled on day 0."""
    acts = {"rate": 0.0, "rate_concession": 10.0, "concession_cost": cost, "concession_width": 10.0, "room_employers": 10.0, "room_state": 10.0, "regularised": regularised}
    struggle = {"rate_joining": 0.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "contested_people": 2.0, "contested_share": 0.3}
    sim = lab(plants, idle, on=("struggle", "acts"), acts=acts, struggle=struggle, scattered=scattered, **options)
    put(sim, at_work(sim, 0) if rows is None else rows, IN_STRUGGLE)
    sim.step()
    sim.struggles.demands[:], sim.struggles.demand[:] = 1, 9.0
    for _ in range(5):
        sim.step()
    assert sim.series.settlements.values.sum() == 1
    return sim


def test_a_settlement_raises_wages_at_the_cost_of_the_employer():
    """The same draws with and without what was won: each wage is a tenth higher."""
    won = settled([firm(stable=30)] * 2, money=RICH)
    assert won.sites.pay[:2].tolist() == [pytest.approx(1.1), 1.0]
    twin = won.branch()
    twin.sites.pay[0] = 1.0
    month(won)
    month(twin)
    assert won.sites.payroll[0] == pytest.approx(1.1 * twin.sites.payroll[0], abs=30)
    assert won.sites.payroll[0] > twin.sites.payroll[0] > 1_000
    workers = np.setdiff1d(at_work(won, 0), won.sites.owner[0])
    assert won.people.income[workers].sum() == won.sites.payroll[0]
    assert won.sites.payroll[1] == twin.sites.payroll[1]
    owner = won.sites.owner[0]
    lost = (won.people.income[owner] - won.sites.revenue[0]) - (twin.people.income[owner] - twin.sites.revenue[0])
    assert lost == -(won.sites.payroll[0] - twin.sites.payroll[0])


def test_a_settlement_where_people_live_raises_benefits_at_the_cost_of_the_state():
    sim = settled([firm(stable=5)] * 5, ["excluded"] * 40, rows=np.arange(30, 70), scattered=False, state={**STATE, "reserve": 2.0}, economy={"equal_start": False}, money=1_000)
    home = int(sim.people.home[0])
    assert sim.sites.pay[home] == pytest.approx(1.1)
    twin = sim.branch()
    twin.sites.pay[home] = 1.0
    month(sim)
    month(twin)
    for run, each in ((sim, 22), (twin, 20)):
        assert (run.people.income[30:70] == each).all()
    assert sim.state.economy.due[0] == pytest.approx(1.1 * twin.state.economy.due[0])


def test_a_settlement_at_a_public_site_raises_wages_at_the_cost_of_the_state():
    sim = settled([PUBLIC] + [firm(stable=5)] * 5, state={**STATE, "reserve": 2.0}, economy={"equal_start": False}, money=1_000, regularised=0.0)
    sim.sites.stopped[:] = 0  # what was won, but for the day on strike
    month(sim)
    stable, precarious = (sim.people.income[(sim.people.work == 0) & (sim.people.position == what)] for what in (STABLE, PRECARIOUS))
    assert (stable == 55).all()
    assert (precarious == 44).all()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_settlement_regularises_precarious_contracts_at_the_next_month(share):
    sim = settled([firm(precarious=200), firm(precarious=200)], money=RICH, regularised=share)
    assert sim.sites.regularised[:2].tolist() == [share, 0]
    workers = np.setdiff1d(np.arange(402), sim.sites.owner[:2])
    assert (sim.people.position[workers] == PRECARIOUS).all()
    month(sim)
    stable = sim.people.position == STABLE
    assert not stable[sim.people.work == 1].any()
    assert abs(stable.sum() - 200 * share) <= 4.5 * np.sqrt(200 * share * (1 - share))
    assert not sim.sites.regularised.any()


def test_rises_of_pay_fade_as_prices_follow():
    sim = lab([firm(stable=5)] * 3, money=RICH, economy={"pay_half_life_days": 60.0})
    sim.sites.pay[:3] = 1.4, 1.0, 0.6
    month(sim, 2)
    np.testing.assert_allclose(sim.sites.pay[:3], [1.2, 1.0, 0.8], rtol=1e-5)


def test_what_employers_can_concede_is_what_they_earn_themselves():
    """A struggle at a firm that earns twice its wages wins; at a firm that loses money it is refused."""
    plants = [firm(stable=20), firm(stable=20)]
    acts = {"rate": 0.0, "rate_concession": 10.0, "rate_refusal": 10.0, "concession_cost": 0.1, "concession_width": 0.05, "room_employers": -1.0}
    struggle = {"rate_joining": 0.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "contested_people": 2.0, "contested_share": 0.3}
    for good in (0, 1):
        sim = lab(plants, on=("struggle", "acts"), acts=acts, struggle=struggle, scattered=True, money=RICH)
        put(sim, np.arange(42), IN_STRUGGLE)
        contest(sim, [0], 0)
        contest(sim, [1], 1)
        sim.struggles.ended[:] = -1
        sim.sites.payroll[:2] = 1_000.0
        sim.sites.revenue[good], sim.sites.revenue[1 - good] = 2_000.0, 500.0
        sim.step()
        sim.struggles.demands[:], sim.struggles.demand[:] = 1, 9.0
        sim.step()
        assert sim.sites.pay[[good, 1 - good]].tolist() == [pytest.approx(1.1), 1.0]
        assert sim.struggles.refusals.tolist() == [int(number != good) for number in range(2)]


# --- months, sums, branches ---


def test_the_regime_alone_moves_nobody():
    sim = lab([firm(stable=5)] * 3, money=RICH, economy={"core": False, "regime": 0.25})
    before = sim.state_hash()
    month(sim.run(1))
    assert sim.state.economy.regime[0] == 0.25
    assert coins_of(sim) == 18 * RICH
    assert (sim.people.work[:18] == np.repeat([0, 1, 2], 6)).all()
    assert before != sim.state_hash()
    assert np.isnan(sim.series.profit_rate.values).all()


def test_a_month_comes_on_its_last_day():
    sim = lab([firm(stable=5)] * 3, ["unemployed"] * 9, money=1_000, economy={"month_days": 7})
    sim.run(30)
    wages = sim.series.wages.values
    assert not wages[:6].any()
    changes = np.flatnonzero(np.diff(wages)) + 1
    assert set(changes) <= {6, 13, 20, 27}
    assert changes.size >= 3


def test_series_are_sums_of_what_people_and_sites_got():
    sim = lab([firm(stable=9)] * 20 + [PUBLIC], ["unemployed"] * 30 + ["excluded"] * 20, state=STATE, economy={"equal_start": False}, money=500)
    coins = coins_of(sim)
    for _ in range(4):
        before = sim.people.money.copy()
        month(sim)
        economy, people = sim.state.economy, sim.people
        assert coins_of(sim) == coins
        assert people.income.sum() == economy.paid[0] + economy.revenue[0] - economy.taxes[0]
        spent = before.astype(float) + people.income - people.money
        np.testing.assert_allclose(people.unmet, np.maximum(0, 1 - (spent + people.money) / 30), atol=1e-7)
        assert economy.profit[0] == economy.revenue[0] - economy.taxes[0] - economy.wages[0]
        public = economy.public_wages[0]
        assert economy.wage_share[0] == pytest.approx((economy.wages[0] + public) / (economy.revenue[0] + public))
        force = np.isin(people.position, [POSITIONS.index(name) for name in ("stable", "precarious", "unemployed", "manager", "owner", "farmer")])
        assert economy.unemployment[0] == pytest.approx((people.position == UNEMPLOYED).sum() / force.sum())
        owned = sim.sites.owner >= 0
        assert economy.firms[0].sum() == owned.sum()
        check_firms(sim)


def test_revenue_and_wages_of_sites_are_means_of_about_a_year():
    sim = month(lab([firm(stable=9)] * 5, money=RICH))
    revenue, payroll = sim.sites.revenue[:5].copy(), sim.sites.payroll[:5].copy()  # the first month counts whole
    owners, income = sim.sites.owner[:5], None
    for seen in (2, 3, 4):  # a firm's first months count alike
        month(sim)
        staff = [np.setdiff1d(at_work(sim, site), owners) for site in range(5)]
        paid = np.array([sim.people.income[rows].sum() for rows in staff])
        income = paid + sim.people.income[owners]
        revenue, payroll = revenue + (income - revenue) / seen, payroll + (paid - payroll) / seen
        np.testing.assert_allclose(sim.sites.payroll[:5], payroll, rtol=1e-5)
        np.testing.assert_allclose(sim.sites.revenue[:5], revenue, rtol=1e-5)
        np.testing.assert_allclose(sim.sites.exploitation[:5], np.where(payroll > 0, np.clip((revenue - payroll) / np.maximum(payroll, 1), 0, 10), 0), rtol=1e-4)
    staff = np.array([10 - 1] * 5)
    assert sim.state.economy.exploitation[0] == pytest.approx((staff * sim.sites.exploitation[:5]).sum() / staff.sum(), rel=1e-6)


def test_all_counts_are_brought_up_to_date_at_once():
    """What `count_again` counts are the counts that the invariants check, in a world with struggles, measures and people held."""
    sim = cz.Simulation(lively(**{**MANY_MEASURES, **ECONOMY}), seed=3, threads=1).run(25)
    assert min((sim.people.activity == code).sum() for code in range(4)) > 0
    wanted, columns = {}, ("members", "eligible", "active", "participants", "held", "ties_in_measures")
    for table in (sim.sites, sim.places):
        for name in columns:
            if table.declared(name) is not None:
                wanted[table, name] = getattr(table, name).copy()
                getattr(table, name)[:] = 7
    before = sim.state.regrouped
    plants.count_again(sim.state)
    for (table, name), values in wanted.items():
        np.testing.assert_array_equal(getattr(table, name), values, name)
    assert len(wanted) >= 10
    assert sim.state.regrouped == before + 1
    Invariants(sim.state, sim.mechanisms).check(sim.state, sim.day, everything=True)


# --- markets ---


def places(sizes, km, **economy):
    """People without work in places in a row, so many kilometres from the first each."""
    n = len(sizes)
    society = cz.Society.from_tables(
        people={"home": np.repeat(np.arange(n), sizes), "position": ["unemployed"] * sum(sizes)}, sites={"kind": ["neighbourhood"] * n, "place": range(n)},
        places={"name": [f"p{k}" for k in range(n)], "latitude": 45 + np.array(km) / 111.195, "longitude": [2.0] * n, "population": sizes},
        parameters=SocietyParameters(sectors=SECTORS, contact=ContactParameters(cutoff_km=50.0), ties=TieParameters(degree_distribution="none")))  # fmt: skip
    values = {"scenario": {"name": "row", "only": ["economy"]}, "society": {"sectors": SECTORS}, "economy": economy}
    return cz.Simulation(cz.Scenario(values), threads=1, society=society)


def markets_of(sim):
    return next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy")._markets


def test_markets_are_groups_of_places_in_contact_led_by_the_largest():
    found = markets_of(places([30, 900, 20, 40, 600], [0, 10, 20, 500, 510], markets={"smallest": 500}))
    assert found.of_place.tolist() == [0, 0, 0, 1, 1]
    assert found.lead.tolist() == [1, 4]
    one = markets_of(places([30, 900, 20, 40, 600], [0, 10, 20, 500, 510], markets={"enabled": False}))
    assert (one.of_place.tolist(), one.lead.tolist()) == ([0] * 5, [1])
    each = markets_of(places([30, 900, 20, 40, 600], [0, 10, 20, 500, 510], markets={"smallest": 1}))
    assert each.of_place.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(found.identity, np.take(each.identity, [1, 4]))  # draws of a market are those of its largest place


def test_one_person_alone_in_a_place_joins_the_market_next_to_it():
    assert markets_of(places([1, 90], [0, 10], markets={"smallest": 1})).of_place.tolist() == [0, 0]


def test_one_person_out_of_sight_is_no_market():
    with pytest.raises(cz.InputError, match="p1 is a market of one person, as it has no contact places") as caught:
        places([90, 1], [0, 500])
    assert (caught.value.path, caught.value.found) == ("economy.enabled", True)
    assert places([90, 2], [0, 500]).run(30).day == 30
    assert len(places([90, 1], [0, 500], markets={"enabled": False}).run(30).people) == 91


@pytest.mark.parametrize("coins", [0, 1, 10, 99_999, 2**51])
def test_what_the_state_buys_is_shared_out_by_people_whatever_the_order_of_markets(coins):
    sim = places([30, 90, 20, 43, 60], [0, 100, 200, 500, 610], markets={"smallest": 1})
    economy = next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy")
    sizes = np.array([30, 90, 20, 43, 60])
    found = economy._of_markets(coins, np.append(0, np.cumsum(sizes)))
    assert found.sum() == coins
    assert np.abs(found - coins * sizes / 243).max() <= 1
    order = np.array([3, 1, 4, 0, 2])
    economy._markets.identity = economy._markets.identity[order]
    np.testing.assert_array_equal(economy._of_markets(coins, np.append(0, np.cumsum(sizes[order]))), found[order])


# --- sums that cannot be counted ---


def test_more_coins_than_can_be_counted_are_refused():
    people = {"home": [0] * 4, "money": [2**50] * 4}
    society = cz.Society.from_tables(people=people, sites={"kind": ["neighbourhood"]}, ties={name: np.zeros(0, int) for name in "ab"})
    with pytest.raises(cz.InputError, match=r"coins of all people below 2\*\*52") as caught:
        cz.Simulation(cz.load("restructured"), society=society)
    assert (caught.value.path, caught.value.found) == ("people.money", f"{2**52} coins")
    with pytest.raises(cz.InputError, match=r"coins of all people below 2\*\*52") as caught:
        check_scenario(cz.load("restructured").replace({"society.people": 5_000_000, "society.money": 10**9}))
    assert (caught.value.path, caught.value.found) == ("society.money", 10**9)
    check_scenario(cz.load("restructured").replace({"society.people": 5_000_000, "society.money": 10**9, "economy.core": False}))


def test_dues_and_wages_beyond_all_money_lose_no_coin():
    """The highest wages, benefits and rises of pay that there can be."""
    law = {"wage_low": 10**9, "wage_high": 10**9, "hiring": 0.0}
    sim = lab([PUBLIC] + [firm(stable=9, manager=3)] * 8, OTHERS, economy=law | {"contracts": {"manager_wage": 100.0}}, state={"excluded": 100.0, "force_wage": 100.0}, money=10**9)
    coins = coins_of(sim)
    for _ in range(4):
        sim.sites.pay[:] = MOST_PAY
        month(sim)
        assert coins_of(sim) == coins
        assert sim.people.money.min() >= 0
        assert 0 <= sim.state.economy.paid[0] <= sim.state.economy.due[0]


@pytest.mark.parametrize(("cost", "pay"), [(-5.0, 0.0), (10.0, MOST_PAY)])
def test_pay_stays_within_its_range_whatever_is_conceded(cost, pay):
    sim = settled([firm(stable=30)] * 2, money=RICH, cost=cost)
    for _ in range(8):
        put(sim, at_work(sim, 0), IN_STRUGGLE)
        sim.step()
        sim.struggles.demands[-1], sim.struggles.demand[-1] = 1, 9.0
        sim.step()
    assert sim.series.settlements.values.sum() > 6
    assert sim.sites.pay[0] == pay


@pytest.mark.parametrize(("changes", "path"), [({"economy.markets.enabled": False}, "economy.markets"), ({"economy.sectors.enabled": False}, "economy.sectors")])
def test_a_branch_keeps_its_markets_and_sectors(changes, path):
    sim = cz.Simulation(cz.load("restructured").replace({"society.people": 3_000, "society.places.count": 6}), threads=1)
    with pytest.raises(cz.InputError, match="the markets and sectors that the run began with") as caught:
        sim.branch(changes)
    assert caught.value.path == path


def test_an_economy_may_begin_in_a_branch_and_pause():
    sim = lab([firm(stable=9)] * 20, ["unemployed"] * 20, money=500, economy={"core": False, "equal_start": False})
    sim.run(10)
    coins = coins_of(sim)
    begun = sim.branch({"economy.core": True})
    assert coins_of(begun) == coins
    month(begun, 2)
    assert paid_by(begun, "wages")[-1] > 0
    check_firms(begun)
    paused = begun.branch({"economy.core": False}).run(35)
    np.testing.assert_array_equal(paused.people.money, begun.people.money)
    assert coins_of(month(paused.branch({"economy.core": True}))) == coins


def test_all_holds_after_every_mechanism_of_every_day():
    sim = lab(
        [firm(stable=9, precarious=4, manager=1)] * 8 + [PUBLIC, ("land", ["farmer"] * 3)], ["unemployed"] * 20, on=("struggle", "acts", "incidents", "force", "belonging"),
        state=STATE, money=300, economy={"equal_start": False, "month_days": 4}, audit=True, incidents={"rate": 0.05})
    sim.run(25)
    check_firms(sim)
    assert (sim.sites.mode == TAKEN).sum() == 0
