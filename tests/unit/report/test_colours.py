"""The colours of the channels: apart in both themes, also for those who are colour-blind, and visible on the page."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from communize.declare.registry import CHANNELS

CSS = (files("communize.report") / "assets" / "report.css").read_text(encoding="utf-8")
# Machado, Oliveira and Fernandes (2009), doi 10.1109/TVCG.2009.113, severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# To the colour space OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/).
CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                  [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def linear(colour):
    values = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    return LAB @ np.cbrt(CONES @ np.clip(rgb, 0, 1))


def contrast(one, other):
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def theme(name):
    """Variables of the light or the dark page."""
    light, dark = re.split(r"@media \(prefers-color-scheme: dark\)", CSS)[:2]
    block = light if name == "light" else dark[: dark.index("*, *::before")]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_channels_are_told_apart(name, sight):
    colours = {channel: theme(name)[f"channel-{channel}"] for channel in CHANNELS}
    seen = {channel: oklab(np.array(SIGHT[sight]) @ linear(colour)) for channel, colour in colours.items()}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(CHANNELS, 2)}
    assert min(distances.values()) > 0.12, min(distances, key=distances.get)  # ten times what is just noticeable


@pytest.mark.parametrize("name", ["light", "dark"])
def test_channels_stand_out_from_the_page(name):
    found = theme(name)
    for channel in CHANNELS:
        for behind in ("panel", "paper"):
            assert contrast(found[f"channel-{channel}"], found[behind]) >= 3, (channel, behind)


def test_every_channel_has_its_class():
    for channel in CHANNELS:
        assert f".channel-{channel} {{ --channel: var(--channel-{channel}); }}" in CSS
