"""Cost model of the Neural Amp Modeler plug-in's own engine, which goes by a network's shape."""
