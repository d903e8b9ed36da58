"""Which links between places count when the reproduction ratio is resolved."""

import numpy as np

from communize.mechanisms.provisioning.reproduction import _links
from communize.society.places import Contact


def contact_of(weights):
    """Contact lists of a symmetric matrix of weights."""
    first, second = np.nonzero(weights)
    return Contact(np.searchsorted(first, np.arange(len(weights) + 1)), second, weights[first, second], np.zeros((len(weights), 3)))


def pairs(weights, strongest, linked=None, component=None):
    contact = contact_of(weights)
    component = np.zeros(len(weights), np.int64) if component is None else component
    linked = np.ones(contact.neighbours.size, np.int8) if linked is None else linked
    rows = np.flatnonzero(component == 0)
    return {tuple(pair) for pair in rows[_links(rows, component, 0, contact, linked, strongest)].tolist()}


def test_a_pair_counts_once_and_all_pairs_with_0():
    weights = np.array([[0, 3, 2, 1], [3, 0, 5, 4], [2, 5, 0, 6], [1, 4, 6, 0]], float)
    everything = {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert pairs(weights, 0) == pairs(weights, 3) == everything
    assert pairs(weights, 1) == {(0, 1), (1, 2), (2, 3)}  # strongest of 0, of 1, of 2 and 3
    assert pairs(weights, 2) == everything - {(0, 3)}


def test_links_that_are_not_there_and_other_components_do_not_count():
    weights = np.array([[0, 3, 2, 1], [3, 0, 5, 4], [2, 5, 0, 6], [1, 4, 6, 0]], float)
    linked = np.ones(12, np.int8)
    first, second = np.nonzero(weights)
    linked[(np.minimum(first, second) == 1) & (np.maximum(first, second) == 2)] = 0
    assert pairs(weights, 1, linked) == {(0, 1), (1, 3), (2, 3)}
    assert pairs(weights, 0, component=np.array([0, 0, 1, 0])) == {(0, 1), (0, 3), (1, 3)}
    assert pairs(weights, 0, np.zeros(12, np.int8)) == set()
