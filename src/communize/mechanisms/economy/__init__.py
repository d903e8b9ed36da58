"""The capitalist economy: wage labour, firms, demand and the State's budget."""

from communize.mechanisms.economy.economy import Economy

__all__ = ["Economy"]
