"""What happens around a training run: benchmark, export, preview, record, progress."""
