"""What is searched for: each problem a folder, all of them what `base` says."""
