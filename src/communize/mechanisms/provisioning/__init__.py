"""Provisioning: what a society physically needs, with and without exchange."""

from communize.mechanisms.provisioning.needs import PROVISION, by_place_and_sector, mean_shortage, weights_of_needs
from communize.mechanisms.provisioning.provisioning import Provisioning

__all__ = ["PROVISION", "Provisioning", "by_place_and_sector", "mean_shortage", "weights_of_needs"]
