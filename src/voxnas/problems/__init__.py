"""Problems that can be searched: a folder each, all of them what `base` says."""
