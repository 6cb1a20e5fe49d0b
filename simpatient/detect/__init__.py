"""Which techniques are in these words? Pure: text in, detections with their evidence out."""
