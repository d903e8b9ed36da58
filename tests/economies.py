"""Economies anywhere in a lively range, and what must hold of firms, workers and coins, person by person."""

from collections import Counter

from hypothesis import strategies as st

from communize.declare.registry import COMMODITY, FARM, POSITIONS, STATE_SITE, WORKPLACE

STABLE, PRECARIOUS, UNEMPLOYED, EXCLUDED, STUDENT, FARMER, MANAGER, OWNER, STATE_FORCE = range(len(POSITIONS))
EMPLOYED = (STABLE, PRECARIOUS, MANAGER)
share = st.floats(0, 1, allow_subnormal=False)
switch = st.booleans()


@st.composite
def economies(draw, money=100, contact=True):
    """A table of the economy, each extension on or off, for people with so many coins each; without contact in one market."""
    most = max(1, money // 2)
    low, high = sorted((draw(st.integers(0, most)), draw(st.integers(1, most))))
    shares = draw(st.sampled_from([(0.3, 0.13), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5)]))
    return {
        "regime": draw(share), "month_days": draw(st.sampled_from([1, 2, 5, 9])), "wage_low": low, "wage_high": high,
        "hiring": draw(st.sampled_from([0.0, 0.5, 1.0])), "hiring_staff": draw(st.sampled_from([0.0, 1.0])), "firing": draw(st.sampled_from([0.1, 0.5, 3.0])),
        "basket": draw(st.sampled_from([0.0, 0.6, 5.0])), "equal_start": draw(switch), "working_capital": draw(st.sampled_from([0.0, 1.4, 50.0])),
        "pay_half_life_days": draw(st.sampled_from([1.0, 720.0])),
        "markets": {"enabled": contact and draw(switch), "smallest": draw(st.sampled_from([1.0, 20.0, 500.0]))},
        "sectors": {"enabled": draw(switch), "budget": draw(st.sampled_from([{}, {"food": 1.0}, {"food": 0.5, "energy_water": 0.5}]))},
        "contracts": {"enabled": draw(switch), "precarious": shares[0], "managers": shares[1], "precarious_first": draw(switch),
                      "manager_wage": draw(st.sampled_from([0.0, 1.8, 30.0]))},
        "state": {"enabled": draw(switch), "tax": draw(share), "unemployed": draw(st.sampled_from([0.0, 0.5, 9.0])), "reserve": draw(st.sampled_from([0.0, 1.0, 5.0]))},
        "dismissals": {"enabled": draw(switch), "least_people": 1.0, "least_share": draw(st.sampled_from([0.0, 0.3]))},
        "outsourcing": {"enabled": draw(switch), "probability": [draw(share), draw(share)], "staff": draw(st.sampled_from([1.0, 4.0]))},
        "circuits": {"enabled": draw(switch), "outward": draw(share)}, "indexation": {"enabled": draw(switch), "share": draw(share)},
        "accumulation": {"enabled": draw(switch), "share": draw(share), "reference": draw(st.sampled_from([0.0, 0.3])), "depreciation": draw(st.sampled_from([0.0, 0.08, 50.0])),
                         "displaced": draw(st.sampled_from([0.0, 0.2, 90.0])), "devaluation": draw(switch), "cheapening": draw(share),
                         "reserve_army": draw(st.sampled_from([0.0, 3.0]))},
        "credit": {"enabled": draw(switch), "looseness": draw(st.sampled_from([0.0, 6.0, 900.0])), "interest": draw(st.sampled_from([0.0, 0.1, 90.0])),
                   "repayment": draw(share), "default_months": draw(st.integers(1, 3)), "barred_months": draw(st.integers(0, 4)), "reserve": draw(share),
                   "void": draw(st.sampled_from([-1.0, 0.5, 1.0])), "void_accounts": draw(switch)},
        "change": draw(st.sampled_from([[], [{"day": 3, "regime": 0.0, "over_days": 5}]])),
    }  # fmt: skip


def check_firms(sim):
    """Every worker has one employer, every firm one owner, who works there and employs somebody; and nobody else works."""
    people, sites = sim.people, sim.sites
    home, work, position, owner = people.home.tolist(), people.work.tolist(), people.position.tolist(), sites.owner.tolist()
    kind = sites.kind.tolist()
    staff = Counter(work[i] for i in range(len(work)) if position[i] in EMPLOYED)
    for site, o in enumerate(owner):
        if o >= 0:
            assert kind[site] in (WORKPLACE, FARM)
            assert work[o] == site  # so nobody owns two
            assert position[o] in (OWNER, FARMER)
            assert staff[site] > 0 or position[o] == FARMER
    for person, site in enumerate(work):
        what = position[person]
        if what in (OWNER, STATE_FORCE):
            assert what == STATE_FORCE or owner[site] == person
        elif what in EMPLOYED:
            assert site >= 0
            assert kind[site] == STATE_SITE or owner[site] >= 0
        assert site != home[person]


def check_plants(sim, n_before):
    """After a month: where a plant was added, none of its place and sector lay idle. `n_before` are the sites there were before."""
    sites = sim.sites
    spot = list(zip(sites.place.tolist(), sites.sector.tolist()))
    idle = (sites.kind == WORKPLACE) & (sites.owner < 0) & (sites.mode == COMMODITY) & (sites.members == 0)
    added = {spot[site] for site in range(n_before, len(sites))}
    assert not added & {spot[site] for site in idle.nonzero()[0].tolist()}
    assert (sites.kind[n_before:] == WORKPLACE).all()
    assert not sites.generation[n_before:].any()
    assert (sites.owner[n_before:] >= 0).all()
