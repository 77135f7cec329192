"""`report.html`: a study as one page that asks nobody for anything, and plays."""
