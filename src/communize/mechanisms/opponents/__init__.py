"""What opposes measures besides force: siding, mediation, the pincers of the commodity, fronts, segmentation (`model.md` section 7)."""
