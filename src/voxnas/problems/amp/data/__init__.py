"""Sections, segments and the LightningDataModule that feeds them."""
