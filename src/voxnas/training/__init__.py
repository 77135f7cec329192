"""The LightningModule, its losses, metrics and schedules."""
