"""Amp sections of reports, which stand above the reports' frame: the problem makes them when asked."""
