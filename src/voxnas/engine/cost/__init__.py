"""What a network costs in the Neural Amp Modeler plug-in's own engine, told from its shape."""
