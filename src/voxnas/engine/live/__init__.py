"""Live playing: the path between a sound card, or a file at its own pace, and an engine.

One thread plays: the sound card's callback, or the loop that stands for it. It computes, counts, and never
waits for another. A second thread, the control thread, reads keys, shows meters and makes engines; it hands
one over between two blocks.

The limits are those of Python. The thread that plays needs the interpreter's lock for some microseconds
around each call of the engine, and may have to wait for it while the control thread draws. Blocks of 128
samples or more are comfortable, 64 work on a quiet machine; below that a plug-in is the right place.
"""
