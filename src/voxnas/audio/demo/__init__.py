"""The demo rig: a synthetic guitar played through a simulated overdrive pedal, amp and cabinet."""
