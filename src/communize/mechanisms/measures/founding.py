"""Founding: seeds, reinvention, adoption, adaptation, grafting, broadcast; coordination and links (`model.md` section 6)."""

import numpy as np

from communize.declare.errors import InputError
from communize.declare.parameters import parameter
from communize.declare.registry import (
    ADAPTATION,
    ADOPTION,
    BROADCAST,
    COMMODITY,
    CONTENTS,
    CONTESTED,
    FORMS,
    GRAFTING,
    IN_STRUGGLE,
    MAX_NEEDS,
    REINVENTION,
    SCOPES,
    SEEDED,
    Column,
    Output,
)  # fmt: skip
from communize.kernels import decisions
from communize.kernels.blocks import BLOCK, gather
from communize.kernels.draws import kernel, uniform
from communize.kernels.prefetch import prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import channels, records, rules, taking_part
from communize.mechanisms.measures.practice import Practice, Seed
from communize.mechanisms.measures.settings import (
    Adaptation,
    Adoption,
    Broadcast,
    Coordination,
    Exposure,
    Form,
    Grafting,
    Reinvention,
)
from communize.mechanisms.measures.surroundings import Surroundings, ties_of_sites
from communize.mechanisms.provisioning import PROVISION, by_place_and_sector
from communize.mechanisms.struggle.attribution import draw_contact_place

HIERARCHY = CONTENTS.index("hierarchy")
FAR = 64  # ties ahead whose sites are asked for


@kernel
def update_links(offsets, neighbours, identity, linked, count, least, probability, key, day):
    """Links between places that co-ordinate: they arise with a draw of each pair, and are gone when either ceases to."""
    for p in range(count.size):
        for j in range(offsets[p], offsets[p + 1]):
            q = neighbours[j]
            if count[p] < least or count[q] < least:
                linked[j] = 0
            elif linked[j] == 0 and uniform(
                key, min(identity[p], identity[q]), day, decisions.LINK, max(identity[p], identity[q])) < probability:
                linked[j] = 1


@kernel
def internal_ties(start, stop, block, home, work, offsets, neighbours, inside):
    """Ties of the members [start, stop) of each site that stay inside it, counted in the row `block` of `inside`."""
    for i in range(start, stop):
        for j in range(offsets[i], offsets[i + 1]):
            if j + FAR < neighbours.size:
                prefetch(home, neighbours[j + FAR])
                prefetch(work, neighbours[j + FAR])
            other = neighbours[j]
            if home[other] == home[i] or work[other] == home[i]:
                inside[block, home[i]] += 1
            if work[i] >= 0 and work[i] != home[i] and (work[other] == work[i] or home[other] == work[i]):
                inside[block, work[i]] += 1


class Measures(Mechanism):
    """Sites found measures: of themselves, after others, changed, in a prior solidarity; seeds of the scenario; links."""

    name = "measures"
    phase = "measures"
    reads = (
        *taking_part.READS, "people.position", "people.group", "sites.members", "sites.eligible", "sites.struggle", "sites.kind",
        "provision.shortage", "places.horizon", "places.remembered", "struggles.refusals",
    )  # fmt: skip
    writes = (
        *taking_part.WRITES, *records.WRITES_OF_BEGINNING, "sites.decided", "sites.decided_from", "sites.decided_by",
        "sites.decided_day", "contacts.linked", "places.scope", "days.resonance",
    )  # fmt: skip
    columns = (
        *records.COLUMNS,
        Column("sites", "decided", "int32", "practice row", "practice decided on and not yet begun, -1 for none", (-1, None), -1),
        Column("sites", "decided_from", "int32", "instance row", "instance that it was taken from, -1 for none", (-1, None), -1),
        Column("sites", "decided_by", "int8", "code", "channel of the decision, index into CHANNELS", (0, None)),
        Column("sites", "decided_day", "int32", "day", "day on which it is to begin", (-1, None), -1),
        Column("days", "resonance", "float64", "share", "resonance at the beginning of the day, mean over measures; not a number where there is none", (0, 1), may_lack=True),
        Column("contacts", "linked", "int8", "yes/no", "whether the pair of contact places is linked", (0, 1)),
        Column("places", "scope", "int8", "code", "scope that is unlocked there, index into SCOPES", (0, len(SCOPES) - 1)),
        *PROVISION,
    )
    outputs = (
        Output("instances", "instance", "measures in force", ("place",), "int32"),
        Output("participants", "person", "people in measures", ("place",), "float32"),
        Output("practices", "practice", "practices that ever arose"),
        Output("resonance", "share", "resonance with other measures, mean over measures in force at the beginning of the day", may_lack=True),
        Output("co_ordinated_places", "place", "places in which measures co-ordinate"),
        Output("links", "link", "links between places, each counted from either end"),
    )

    class Parameters(MechanismParameters):
        """Channels, exposure, and what a founding needs."""

        founding: bool = parameter(True, unit="yes/no", source="definition", meaning="whether sites found measures; off, those in force go on, and only seeds and joining sites add to them")
        requires_struggle: bool = parameter(True, unit="yes/no", source="definition", meaning="whether a site must be contested to found a measure")
        critical_mass: float = parameter(6.0, unit="person", range=(1, 1e6), plausible=(3, 30), meaning="participants that a measure needs (M_c)")
        fit_floor: float = parameter(0.2, unit="share", range=(0, 1), plausible=(0, 0.3), meaning="least openness of a need, however well it is met (f0)")
        refusal_gain: float = parameter(0.2, unit="1 per refusal", range=(0, 100), plausible=(0, 1), meaning="rise of the hazards of founding by each refused demand of the struggle")
        need_gain: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0, 2), meaning="rise of these hazards where nothing needed is there")
        horizon_gain: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0, 2), meaning="rise of these hazards where the horizon is 1")
        command_advantage: float = parameter(0.0, unit="1", range=(0, 10), plausible=(0, 1), meaning="advantage of command in founding: the days between decision and beginning are divided by 1 - this * c where the content hierarchy c is negative")
        reinvention: Reinvention = parameter(Reinvention(), unit="table", meaning="reinvention")
        adoption: Adoption = parameter(Adoption(), unit="table", meaning="adoption")
        adaptation: Adaptation = parameter(Adaptation(), unit="table", meaning="adaptation")
        grafting: Grafting = parameter(Grafting(), unit="table", meaning="grafting")
        broadcast: Broadcast = parameter(Broadcast(), unit="table", meaning="broadcast from one centre")
        exposure: Exposure = parameter(Exposure(), unit="table", meaning="exposure")
        coordination: Coordination = parameter(Coordination(), unit="table", meaning="co-ordination and links")
        form: Form = parameter(Form(), unit="table", meaning="forms of decision")
        seed: list[Seed] = parameter([], unit="table", source="see the scenario", meaning="measures that the scenario puts somewhere: [[measures.seed]]")

    parameters: "Measures.Parameters"

    def setup(self, state: State) -> None:
        p, society = self.parameters, state.society
        self._takes_part = society.takes_part
        sectors = list(society.parameters.sectors.values())
        self._need = np.array([sector.need for sector in sectors])
        self._struggle_need = np.array([sector.struggle_need * society.parameters.struggle_shifts_needs for sector in sectors])
        if not len(state.contacts):
            state.contacts.grow(society.contact.neighbours.size)
        if not p.coordination.enabled:  # in a branch that switches it off
            state.contacts.linked[:], state.places.scope[:] = 0, 0
        self.regroup(state)
        self._delays = np.array([p.form.delay_days[name] for name in FORMS])
        self._sizes = np.array([p.form.size[name] for name in FORMS])
        mean = [p.reinvention.content.get(name, p.reinvention.content_mean) for name in CONTENTS]
        self._content_mean = np.array(mean)
        self._broadcast = self._set_broadcast(state)
        self._seeds = [self._resolve(state, number, seed) for number, seed in enumerate(p.seed)]

    def regroup(self, state: State) -> None:
        people, ties = state.people, state.society.ties
        self._ties = ties_of_sites(state)
        inside = np.zeros(len(state.sites), np.int64)
        if self.parameters.grafting.enabled and ties.neighbours.size:
            inside = state.pool.sum_of_parts(
                internal_ties, len(people), inside.shape, people.home, people.work, ties.offsets, ties.neighbours)  # fmt: skip
        self._solidarity = inside / np.maximum(1, self._ties)

    def _set_broadcast(self, state: State) -> int:
        if not self.parameters.broadcast.enabled:
            return -1
        there = np.flatnonzero(state.practices.channel == BROADCAST)
        if there.size:
            return int(there[0])
        practice = self.parameters.broadcast.practice
        needs, content = practice.rows(state, "measures.broadcast.practice")
        return int(self._enter(state, state.day, practice, needs, content, 1, BROADCAST)[0])

    def _enter(self, state: State, day: int, practice: Practice, needs, content, n: int, channel: int, place: int = -1) -> np.ndarray:
        scope, form = practice.codes
        return records.add_practices(
            state, day, np.tile(needs, (n, 1)), np.tile(content, (n, 1)), scope=scope, form=form,
            mass_people=practice.critical_mass or self.parameters.critical_mass, parent=np.full(n, -1), channel=channel, place=place)  # fmt: skip

    def _resolve(self, state: State, number: int, seed: Seed) -> tuple[int, int, np.ndarray, np.ndarray, Seed]:
        path = f"measures.seed[{number}]"
        places, place = state.society.place_list, -1
        if seed.place is not None:
            place = places.require(seed.place, f"{path}.place")
            if state.places.residents[place] == 0:
                raise InputError(f"{path}.place", seed.place, "a place where somebody lives (nobody does at this number of people)")
        n = len(state.sites)
        if n and max(seed.sites, default=0) >= n:  # without sites a scenario is only checked
            raise InputError(f"{path}.sites", max(seed.sites), f"rows of sites, 0 to {n - 1}")
        day = state.day_of_event(seed)
        if day < 0:
            raise InputError(f"{path}.date", str(seed.date), f"a date on or after the start, {state.start}")
        return (day, place, *seed.rows(state, path), seed)

    def step(self, state: State, day: int, draws: Draws) -> None:
        seen = Surroundings.of(state)
        if self._coordinate(state, seen, day, draws.key):
            seen = seen.relinked(state)
        self._resonate(state, seen)
        events, openness = self._decide(state, seen, day, draws.key)  # by the morning: what begins today is seen tomorrow
        self._begin_decided(state, day, draws.key)
        for number, (when, place, needs, content, seed) in enumerate(self._seeds):
            if when == day:
                self._sow(state, number, place, needs, content, seed, day, draws.key)
        self._take_up(state, seen, events[state.sites.instance[events[:, 0]] < 0], openness, day, draws.key)

    def _resonate(self, state: State, seen: Surroundings) -> None:
        """Resonance of the measures in force: with others in the place, in contact and linked places, and through ties."""
        state.days.resonance[0] = np.nan
        if seen.sites.size:
            sites, place = state.sites, state.sites.place[seen.sites]
            tied = sites.ties_in_measures[seen.sites] / np.maximum(1, self._ties[seen.sites])
            exposure = (seen.count[place] - 1) + seen.near[place] + seen.linked[place] + tied
            resonance = rules.resonance(exposure, self.parameters.exposure.resonance_scale)
            state.instances.resonance[sites.instance[seen.sites]] = resonance
            state.days.resonance[0] = resonance.mean()

    def _coordinate(self, state: State, seen: Surroundings, day: int, key: np.uint64) -> bool:
        """Open and close larger scales; whether any link may have changed."""
        p, contact, scope = self.parameters.coordination, state.society.contact, state.places.scope
        if not p.enabled or not (seen.sites.size or state.contacts.linked.any() or scope.any()):
            return False
        update_links(
            contact.offsets, contact.neighbours, state.society.place_list.identity, state.contacts.linked, seen.count, p.instances, 1.0 - np.exp(-p.rate_link), key, day)  # fmt: skip
        scope[:] = seen.count >= p.instances
        edges = np.repeat(np.arange(len(scope)), np.diff(contact.offsets))[state.contacts.linked > 0]
        scope[edges] = SCOPES.index("between_places")
        return True

    def _decide(self, state: State, seen: Surroundings, day: int, key: np.uint64) -> tuple[np.ndarray, np.ndarray]:
        """Which sites take up what (events as of `channels.thin`), and the open needs of those that met a candidate."""
        p, sites, places, society = self.parameters, state.sites, state.places, state.society
        none = np.empty((0, 5), np.int64), np.empty((0, self._need.size + 1))
        if not p.founding or (p.requires_struggle and not np.any(sites.mode == CONTESTED)):
            return none
        rates = np.array([
            p.reinvention.rate * p.reinvention.enabled, p.adoption.rate * p.adoption.enabled,
            p.grafting.rate * p.grafting.enabled, p.broadcast.rate * p.broadcast.enabled,
        ])  # fmt: skip
        if not rates.any():
            return none
        memory = np.zeros(len(places))
        known = places.remembered >= 0
        ages = day - state.instances.ended[places.remembered[known]]
        memory[known] = 2.0 ** (-ages / p.exposure.memory_half_life_days)
        n = int(np.count_nonzero(sites.mode == CONTESTED)) if p.requires_struggle else len(sites)
        n_sectors = self._need.size
        rows, numbers = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
        hazards, parts = np.empty((n + 1, channels.N_CHANNELS)), np.empty((n + 1, channels.N_PARTS))
        openness = np.empty((n + 1, n_sectors + 1))
        own_mass = max(1, round(p.critical_mass / state.scale))
        examples = np.concatenate([sites.instance[seen.sites], places.remembered[known]])
        met = np.append(state.instances.practice[examples], [self._broadcast] if self._broadcast >= 0 else [])
        lowest = int(state.practices.mass[met.astype(np.int64)].min(initial=own_mass))  # of all that may be taken up today
        collective = self._collective(state)
        found = channels.find_candidates(
            (sites.place, sites.mode, sites.instance, sites.decided, collective, sites.active, sites.eligible, sites.members, sites.struggle,
             sites.ties_in_measures, self._ties, self._solidarity),
            (by_place_and_sector(state, "shortage"), places.horizon), (seen.count, seen.near, seen.linked, memory, society.contact.mean(memory)),
            (self._need, self._struggle_need, state.struggles.refusals), rates,
            (p.adoption.exponent, p.adoption.half_exposure, p.fit_floor, lowest, own_mass, p.exposure.weights),
            np.array([p.refusal_gain, p.need_gain, p.horizon_gain]), p.requires_struggle, key, day, rows, numbers, hazards, parts,
            openness)  # fmt: skip
        if not found:
            return none
        rows, hazards, parts, openness = rows[:found], hazards[:found], parts[:found], openness[:found]
        tied = self._tied_instances(state, rows, parts, day, key)
        events = np.empty((found, 5), np.int64)
        n_events = channels.thin(
            (rows, numbers), (sites.place, sites.instance, collective, sites.members), parts, hazards, openness, tied,
            (places.remembered, memory), (seen.sites, seen.by_place, seen.count),
            (society.contact.offsets, society.contact.neighbours, society.contact.weights), state.contacts.linked,
            (state.instances.practice, state.instances.content), (state.practices.needs, state.practices.mass),
            (p.adoption.with_fit, p.adoption.division, HIERARCHY, self._broadcast), key, day, events)  # fmt: skip
        return events[:n_events], openness

    def _collective(self, state: State) -> np.ndarray:
        """People of each site who can found something: those in struggle; where no struggle is required all who can take part and
        are neither in a measure nor held.
        """
        sites = state.sites
        if self.parameters.requires_struggle:
            return sites.active
        return np.maximum(0, sites.eligible - sites.participants - sites.held)

    def _tied_instances(self, state: State, rows, parts, day: int, key: np.uint64) -> np.ndarray:
        if not np.any(parts[:, channels.TIES] > 0):
            return np.full(rows.size, -1, np.int64)
        wanted = np.full(len(state.sites) + 1, -1, np.int32)  # the last is that of no site
        wanted[rows] = np.where(parts[:, channels.TIES] > 0, np.arange(rows.size), -1)
        people, ties, n = state.people, state.society.ties, len(state.people)
        found = np.empty(n, np.int32)
        counts = state.pool.for_blocks(channels.find_tied, n, people.home, people.work, people.ties_in_measures, wanted, found)
        found = gather(found, counts, n)
        shape = max(1, -(-found.size // BLOCK)), rows.size
        lowest, chosen = np.full(shape, 2.0), np.full(shape, -1, np.int64)
        state.pool.for_blocks(
            channels.draw_tied_instances, found.size, found, (people.home, people.work, people.activity, people.measure), ties.offsets,
            ties.neighbours, wanted, state.sites.instance, key, day, lowest, chosen)  # fmt: skip
        return chosen[lowest.argmin(axis=0), np.arange(rows.size)]

    def _take_up(self, state: State, seen: Surroundings, events: np.ndarray, openness: np.ndarray, day: int, key: np.uint64) -> None:
        """From events to practices; what has no delay begins today, the rest is decided."""
        if not len(events):
            return
        p, practices, places = self.parameters, state.practices, state.sites.place
        sites, channel, source, practice, row = (events[:, column].copy() for column in range(5))
        uniform_of = Draws(key, decisions.PRACTICE_FORM, day).uniform
        if p.adaptation.enabled:
            channel[(channel == ADOPTION) & (uniform_of(sites, 1) < p.adaptation.share)] = ADAPTATION
        new, changed = channel == REINVENTION, channel == ADAPTATION
        if new.any():
            who = sites[new]
            needs = np.full((who.size, MAX_NEEDS), -1, np.int8)
            channels.draw_needs(openness, row[new], p.reinvention.breadth, key, day, who, needs)
            content = self._content_mean + p.reinvention.content_sd * self._noise(key, day, who)
            form = np.searchsorted(np.cumsum([p.form.share[name] for name in FORMS])[:-1], uniform_of(who, 0), side="right")
            practice[new] = records.add_practices(
                state, day, needs, np.clip(content, -1, 1), scope=state.places.scope[places[who]], form=form,
                mass_people=p.critical_mass, parent=np.full(who.size, -1), channel=REINVENTION, place=places[who], sites=who)  # fmt: skip
        if changed.any():
            who, old = sites[changed], practice[changed]
            needs = practices.needs[old].copy()
            channels.move_needs(openness, row[changed], key, day, who, needs)
            content = state.instances.content[source[changed]] + p.adaptation.content_sd * self._noise(key, day, who)
            practice[changed] = records.add_practices(
                state, day, needs, np.clip(content, -1, 1), scope=np.maximum(practices.scope[old], state.places.scope[places[who]]),
                form=practices.form[old], mass_people=practices.mass[old] * state.scale, parent=old, channel=ADAPTATION,
                place=places[who])  # fmt: skip
        delay = self._delay(state, practice, channel, source, uniform_of(sites, 2))
        later = delay > 0
        decided = state.sites
        decided.decided[sites[later]], decided.decided_from[sites[later]] = practice[later], source[later]
        decided.decided_by[sites[later]], decided.decided_day[sites[later]] = channel[later], day + delay[later]
        now = ~later
        if now.any():
            self._found(state, seen, sites[now], practice[now], channel[now], source[now], day, key)

    def _delay(self, state: State, practice, channel, source, uniform) -> np.ndarray:
        """Days between decision and beginning: those of the form, fewer where command has an advantage, rounded by a draw."""
        command = np.maximum(0.0, -self._contents(state, practice, channel, source)[:, HIERARCHY])
        days = self._delays[state.practices.form[practice]] / (1.0 + self.parameters.command_advantage * command)
        whole = np.floor(days)
        return (whole + (uniform < days - whole)).astype(np.int64)

    def _contents(self, state: State, practice, channel, source) -> np.ndarray:
        """Contents with which instances begin: by adoption and grafting those of the source, else those of the practice."""
        after = (np.isin(channel, (ADOPTION, GRAFTING)) & (source >= 0))[:, None]
        theirs = state.instances.content[np.maximum(source, 0)] if len(state.instances) else 0.0
        return np.where(after, theirs, state.practices.content[practice])

    def _begin_decided(self, state: State, day: int, key: np.uint64) -> None:
        """What was decided begins, where the collective is still there; the rest is forgotten."""
        sites, practices = state.sites, state.practices
        due = np.flatnonzero((sites.decided >= 0) & (sites.decided_day <= day))
        if not due.size:
            return
        practice, source, channel = sites.decided[due].copy(), sites.decided_from[due].copy(), sites.decided_by[due].astype(np.int64)
        sites.decided[due] = sites.decided_from[due] = -1
        if not self.parameters.founding:
            return
        seen = Surroundings.of(state)
        p = self.parameters
        collective = self._collective(state)[due]
        mass = rules.critical_masses(practices.mass[practice], sites.members[due], seen.count[sites.place[due]])
        modes = (CONTESTED,) if p.requires_struggle else (CONTESTED, COMMODITY)
        still = (collective >= mass) & np.isin(sites.mode[due], modes)
        if still.any():
            self._found(state, seen, due[still], practice[still], channel[still], source[still], day, key)

    def _found(self, state: State, seen: Surroundings, sites, practice, channel, source, day: int, key: np.uint64) -> None:
        """Begin instances and let the people in who found them."""
        practices = state.practices
        content = self._contents(state, practice, channel, source)
        beside = np.full(sites.size, -1, np.int64)
        again = np.flatnonzero(channel == REINVENTION)
        if again.size and seen.sites.size:
            beside[again] = self._neighbours_of(state, seen, sites[again], day, key)
        places = state.sites.place[sites]
        mass = rules.critical_masses(practices.mass[practice], state.sites.members[sites], seen.count[places])
        rows = records.begin(state, day, sites, practice, content, channel, source, beside, state.places.scope[places])
        quiet = np.full(sites.size, not self.parameters.requires_struggle)
        self._let_in(state, rows, sites, self._sizes[practices.form[practice]], mass, quiet, day, key)

    def _let_in(self, state: State, rows, sites, size, wanted, quiet, day: int, key: np.uint64) -> None:
        people = state.people
        number = np.full(len(state.sites), -1, np.int32)
        number[sites] = np.arange(sites.size)
        who, at = np.empty(len(people), np.int32), np.empty(len(people), np.int32)
        n = channels.pick_founders(
            taking_part.members(state, number, IN_STRUGGLE), (people.home, people.work, people.position, people.group, people.activity), self._takes_part, number, size, wanted, quiet,
            key, day, who, at)  # fmt: skip
        taking_part.enter(state, who[:n], sites[at[:n]].astype(np.int32))
        state.instances.founders[rows] = state.instances.peak[rows] = state.sites.participants[sites]

    def _neighbours_of(self, state: State, seen: Surroundings, sites, day: int, key: np.uint64) -> np.ndarray:
        """An instance in force in the place of each site, else in a contact place, drawn; -1 for none."""
        contact, uniforms = state.society.contact, Draws(key, decisions.MEASURE_FOUNDERS, day)
        drawn = np.full(sites.size, -1, np.int64)
        first, second = uniforms.uniform(sites, 1), uniforms.uniform(sites, 2)
        for k, p in enumerate(state.sites.place[sites]):
            source = int(p)
            if not seen.count[p] and seen.near[p] > 0:
                source = int(draw_contact_place(p, first[k], (contact.offsets, contact.neighbours, contact.weights), seen.count))
            if source >= 0 and seen.count[source]:
                drawn[k] = channels.draw_instance_of_place(source, second[k], seen.sites, seen.by_place, state.sites.instance)
        return drawn

    def _noise(self, key: np.uint64, day: int, sites: np.ndarray) -> np.ndarray:
        draws = Draws(key, decisions.PRACTICE_CONTENT, day)
        return np.stack([draws.normal(sites, number) for number in range(len(CONTENTS))], axis=1)

    def _sow(self, state: State, number: int, place: int, needs, content, seed: Seed, day: int, key: np.uint64) -> None:
        """Begin the instances of a seed: at sites with enough people for the critical mass before others, among them at contested
        ones with most people in struggle first, then at sites drawn.
        """
        sites = state.sites
        free = (sites.instance < 0) & np.isin(sites.mode, (COMMODITY, CONTESTED)) & (sites.eligible > 0)
        if seed.kind_code >= 0:
            free &= sites.kind == seed.kind_code
        if place >= 0:
            free &= sites.place == place
        if seed.sites:
            free &= np.isin(np.arange(len(sites)), seed.sites)
        candidates = np.flatnonzero(free)
        asked = len(seed.sites) or seed.count
        count = min(asked, candidates.size)
        if count < asked:
            where = "among those named" if seed.sites else f"in {seed.place}" if seed.place else "in the society"
            state.notes.append(f"measures.seed[{number}]: {count} of {asked} begun, as no more sites of kind {seed.kind} were free {where}")
        if not count:
            return
        u = Draws(key, decisions.SEED_SITE, day).uniform(candidates, number)
        mass = np.ceil((seed.critical_mass or self.parameters.critical_mass) / state.scale)
        contested = np.where(sites.mode[candidates] == CONTESTED, sites.active[candidates], 0)
        needed = max(mass, (seed.people or 0.0) / state.scale)
        order = np.lexsort((u, -contested, sites.eligible[candidates] < needed))
        chosen = np.sort(candidates[order[:count]])
        practice = self._enter(state, day, seed, needs, content, count if seed.distinct else 1, SEEDED, place)
        practice = np.broadcast_to(practice, (count,))
        none = np.full(count, -1)
        short = int((sites.eligible[chosen] < needed).sum())
        if short:
            state.notes.append(f"measures.seed[{number}]: {short} of {count} began at sites with fewer than {needed:g} agents who can take part")
        rows = records.begin(
            state, day, chosen, practice, state.practices.content[practice], SEEDED, none, none, state.places.scope[sites.place[chosen]])  # fmt: skip
        wanted = np.minimum(
            state.practices.mass[practice] if seed.people is None else max(1, round(seed.people / state.scale)), sites.eligible[chosen])  # fmt: skip
        self._let_in(state, rows, chosen, np.zeros(count), wanted.astype(np.int64), np.ones(count, np.bool_), day, key)

    def notes(self, state: State) -> list[str]:
        masses = {"measures.critical_mass": self.parameters.critical_mass}
        for number, seed in enumerate(self.parameters.seed):
            if seed.critical_mass is not None:
                masses[f"measures.seed[{number}].critical_mass"] = seed.critical_mass
        late = [
            f"measures.seed[{number}]: day {when} lies after the end of the run: it does not begin"
            for number, (when, *_) in enumerate(self._seeds) if when >= state.day > 0
        ]  # fmt: skip
        return late + [
            f"{path}: {mass:g} people are {mass / state.scale:.3g} agents at a scale of {state.scale:g}; below 3 the result depends on rounding"
            for path, mass in masses.items() if mass / state.scale < 3
        ]  # fmt: skip

    def observe(self, state: State) -> dict:
        sites, places = state.sites, state.places
        return {
            "instances": np.bincount(sites.place[sites.instance >= 0], minlength=len(places)),
            "participants": places.participants * np.float32(state.scale),
            "practices": len(state.practices),
            "resonance": state.days.resonance[0],
            "co_ordinated_places": int((places.scope > 0).sum()),
            "links": int(state.contacts.linked.sum()),
        }
