"""Its part of reports."""
