"""The descent of practices and instances: as a NetworkX graph, and in the Newick format of phylogenetics."""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from communize.store.run import Run

Of = Literal["practices", "instances"]


def descent_graph(run: "Run", of: Of = "practices") -> Any:
    """The descent as a directed forest, from parent to child.

    Parameters
    ----------
    run
        A run.
    of
        ``practices``: nodes are practices that arose, an edge is an adaptation. ``instances``: nodes are instances,
        an edge is any channel that leaves a recorded parent.

    Returns
    -------
    networkx.DiGraph
        (NetworkX comes with the extra `experiment`.) Nodes are numbered as the rows of `run.practices` or `run.instances`, whose columns they have as attributes; edges have
        ``channel`` and ``days``, the time from the parent's beginning to the child's.
    """
    try:
        import networkx as nx
    except ModuleNotFoundError:
        raise ImportError("descent as a graph needs NetworkX: pip install 'communize[experiment]'") from None

    frame, day = _frame(run, of)
    graph = nx.DiGraph(of=of, name=run.scenario.name, seed=run.seed)
    graph.add_nodes_from(zip(frame.index.tolist(), frame.to_dict("records")))
    child = frame.index[frame["parent"] >= 0]
    began, parent, channel = frame[day].to_numpy(), frame["parent"].to_numpy(), frame["channel"].to_numpy()
    graph.add_edges_from(
        (int(parent[row]), int(row), {"channel": str(channel[row]), "days": int(began[row] - began[parent[row]])}) for row in child)  # fmt: skip
    return graph


def newick(run: "Run", of: Of = "practices") -> str:
    """The descent in Newick format, one tree whose unnamed root joins all independent origins.

    Inner nodes are named; a node is called p12 (practice 12) or i12 (instance 12); branch lengths are days from the parent's
    beginning, for origins from the start of the run.

    Raises
    ------
    ValueError
        Nothing arose, so that there is no tree.
    """
    frame, day = _frame(run, of)
    if not len(frame):
        raise ValueError(f"the run has no {of}, so that there is no descent to write")
    began, parent = frame[day].tolist(), frame["parent"].tolist()
    children: dict[int, list[int]] = {}
    for row, above in enumerate(parent):
        children.setdefault(above, []).append(row)
    parts: dict[int, str] = {}
    for row in reversed(range(len(parent))):  # a child stands below its parent, so it is written before it
        below = ",".join(parts.pop(child) for child in children.get(row, []))
        length = began[row] - (began[parent[row]] if parent[row] >= 0 else 0)
        parts[row] = f"{f'({below})' if below else ''}{of[0]}{row}:{length}"
    return f"({','.join(parts[row] for row in children[-1])});"


def _frame(run: "Run", of: Of) -> tuple[Any, str]:
    if of not in ("practices", "instances"):
        raise ValueError(f"of: {of!r}; allowed: practices, instances")
    return (run.practices, "day") if of == "practices" else (run.instances, "began")
