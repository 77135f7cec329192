"""Pictures of sounds: time and frequency, and other views of the same spectrum as further channels."""
